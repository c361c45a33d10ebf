// The lab's own user, mount, network and PID namespaces.
//
// The supervisor is process 1 of the PID namespace: when it ends, however it ends, the kernel
// ends everything it started, and the network and mount namespaces go with the last of them.
// A user namespace is made only where the caller is not root.
//
// Threads  launch() and join() fork or change the caller: only from a single-threaded program.
// Errors   name the system call's purpose, the reason and what to do.
// Source   pid_namespaces(7), user_namespaces(7), setns(2).
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vipd::lab {

// Starts argv (argv[0]: a path) in namespaces of its own, detached from the terminal, output
// appended to `log`. `keep_fds` stay open in it under the same numbers. Returns its pid out here.
absl::StatusOr<pid_t> launch(const std::vector<std::string>& argv, const std::string& log,
                             const std::vector<int>& keep_fds);

// First thing in the launched program: own /proc, empty /run, nothing propagates outside.
absl::Status settle_in();

// Makes the caller a member of the lab that process `supervisor` runs, in the network of
// `node` ("outside" for the router's). Children of the caller then live and die with the lab.
absl::Status join(pid_t supervisor, const std::string& node);

// Runs `work` in a thread that has joined the network of `node`; waits for it.
absl::Status in_network(const std::string& node, const std::function<absl::Status()>& work);

// "/run/netns/NODE", valid inside the lab.
std::string network_path(const std::string& node);

inline constexpr const char* kOutside = "outside";

}  // namespace vipd::lab
