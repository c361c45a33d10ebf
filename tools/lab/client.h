// The lab from outside: for the CLI `lab` and for scenario tests.
//
//   lab::Client lab("/tmp/x/lab");
//   lab.up({.nodes = 3});
//   lab.verb("kill", {{"node", "cp-1"}});
//   lab.status()->at("nodes")...
//   lab.execute("cp-2", {"ip", "addr"});
//
// Threads  Blocking; up() and execute() fork, so only from a single-threaded program.
// Errors   Unavailable where no lab runs in the directory, PermissionDenied where the directory
//          is another user's; else what the lab says.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "tools/lab/call.h"
#include "tools/lab/layout.h"
#include "tools/lab/setup.h"

namespace vipd::lab {

struct Executed {
  int exit_code = 0;
  std::string output;  // stdout and stderr together
};

class Client {
 public:
  // `program` is the binary `lab`; the others (hcloudsim, ...) are beside it.
  Client(std::string dir, std::string program);

  // The directory must be empty or not exist. Returns when every node's apiserver is ready.
  absl::Status up(Setup setup);
  // Ends the lab, also a broken one, and removes the directory. FailedPrecondition for a
  // directory that was never a lab's; one that is empty or not there is left as it is.
  absl::Status down();

  absl::StatusOr<base::Json> status();
  absl::StatusOr<base::Json> verb(const std::string& name, const base::Json& arguments,
                                  Millis at_most = Millis(120000));
  // hcloudsim's admin interface.
  absl::StatusOr<base::Json> hetzner(const std::string& method, const std::string& target,
                                     const base::Json& body = nullptr);
  // What vipd on a node says of itself (GET /status on its socket).
  absl::StatusOr<base::Json> vipd_status(const std::string& node);
  // Runs a program in a node's network, or "outside"; waits for it.
  absl::StatusOr<Executed> execute(const std::string& node, const std::vector<std::string>& argv);

  // The supervisor's pid out here; Unavailable where it does not run.
  [[nodiscard]] absl::StatusOr<pid_t> supervisor() const;
  [[nodiscard]] const Layout& layout() const { return layout_; }

 private:
  const Layout layout_;
  const std::string program_;
};

}  // namespace vipd::lab
