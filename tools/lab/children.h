// The processes of the lab: start, wait, signal, by pid.
//
// Every child gets SIGKILL when the supervisor dies, on top of what the PID namespace does.
// A pid is signalled only while it has not been reaped, so it cannot be somebody else's.
//
// Threads  Any. reap() is called on each SIGCHLD; waits are satisfied from there.
// Errors   name the program, its exit and the end of what it printed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vipd::lab {

struct Program {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH
  std::string node;               // whose network; empty: the outside's
  std::string log;                // stdout and stderr are appended to it; empty: dropped
};

class Children {
 public:
  absl::StatusOr<pid_t> start(const Program& program);
  // Starts, waits at most 20 s, returns stdout and stderr together. Internal if it failed.
  absl::StatusOr<std::string> run(const std::vector<std::string>& argv, std::string node = "");
  // The exit code (128 + signal where one ended it); DeadlineExceeded.
  absl::StatusOr<int> wait(pid_t pid, std::chrono::milliseconds at_most);
  // Nothing where the process is gone.
  void signal(pid_t pid, int signal_number);
  [[nodiscard]] bool running(pid_t pid) const;
  void reap();

 private:
  absl::StatusOr<pid_t> spawn(const Program& program, int output_fd);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<pid_t, std::optional<int>> exits_;  // nothing: still running
};

}  // namespace vipd::lab
