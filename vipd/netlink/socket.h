// One rtnetlink socket: datagrams out, datagrams in. Nothing here blocks.
//
// Errors  ResourceExhausted from receive(): the kernel had to drop messages (ENOBUFS), what is
//         known is incomplete, read everything again. Other statuses name the call and reason.
// Owner   The file descriptor is closed with the Socket.
// Source  netlink(7).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct nl_sock;

namespace vipd::netlink {

class Socket {
 public:
  static absl::StatusOr<Socket> open(int receive_buffer_bytes);

  // From here on every change of an address is received.
  absl::Status subscribe();
  absl::Status send(std::string_view request);
  // The next datagram from the kernel; nothing where none is waiting.
  absl::StatusOr<std::optional<std::string>> receive();
  [[nodiscard]] int fd() const;

 private:
  struct Free {
    void operator()(nl_sock* socket) const;
  };
  explicit Socket(std::unique_ptr<nl_sock, Free> socket) : socket_(std::move(socket)) {}

  std::unique_ptr<nl_sock, Free> socket_;
};

}  // namespace vipd::netlink
