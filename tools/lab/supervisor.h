// Process 1 of the lab: brings the cluster up and answers the lab's socket.
//
//   GET /status            the lab as JSON
//   POST /verbs/VERB       body {"node": ..., ...}; answers when it is done
//   POST /down             ends the lab
// Errors are {"error": TEXT, "code": an absl::StatusCode}.
//
// Threads  One loop for the socket and SIGCHLD; verbs run, blocking, on a small pool.
#pragma once

#include <string>

namespace vipd::lab {

struct Inherited {
  int report_fd = -1;     // one line on it says how coming up ended: "ready" or what went wrong
  int companion_fd = -1;  // pidfd of a process that the lab does not outlive; -1: none
};

// Returns when the lab is to end; its process must then exit.
int supervise(const std::string& dir, const std::string& setup_json, Inherited inherited);

}  // namespace vipd::lab
