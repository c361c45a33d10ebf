// The questions to the kernel about addresses, answered at once.
//
// rtnetlink does its work inside the sending system call, so the answer waits when send()
// returns and nothing here waits for anything.
//
// Errors  Negative errno in an answer is an error with its text and a next step; a dump that
//         keeps being interrupted by changes is Aborted.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vipd/netlink/socket.h"
#include "vipd/netlink/wire.h"

namespace vipd::netlink {

class Requests {
 public:
  explicit Requests(Socket socket) : socket_(std::move(socket)) {}

  // Every address of the link, both families.
  absl::StatusOr<std::vector<Record>> read(unsigned link);
  absl::Status add(unsigned link, const base::IpAddress& address);
  absl::Status remove(const Record& record);

 private:
  struct Dump {
    bool interrupted = false;
    std::vector<Record> records;
  };
  absl::StatusOr<Dump> dump(unsigned link);
  // The errno of the answer, 0 for an acknowledgement.
  absl::StatusOr<int> answer(const std::string& request, std::uint32_t sequence);
  absl::StatusOr<std::vector<Message>> next(std::uint32_t sequence);

  Socket socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace vipd::netlink
