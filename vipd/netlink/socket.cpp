#include "vipd/netlink/socket.h"

#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace vipd::netlink {
namespace {

// The kernel builds dump datagrams of up to 32 KiB when the reader's buffer has room for them
// (netlink(7): at least 8 KiB; af_netlink.c, max_recvmsg_len).
constexpr std::size_t kDatagram = 32 * 1024;
constexpr int kSendBuffer = 32 * 1024;

// libnl's own calls return its own codes, negative.
absl::Status check(int result, const char* call) {
  if (result >= 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("rtnetlink: ", call, ": ", nl_geterror(result)));
}

}  // namespace

void Socket::Free::operator()(nl_sock* socket) const { nl_socket_free(socket); }

absl::StatusOr<Socket> Socket::open(int receive_buffer_bytes) {
  std::unique_ptr<nl_sock, Free> socket(nl_socket_alloc());
  if (!socket) return absl::UnavailableError("rtnetlink: no memory or no free port for a socket");
  auto status = check(nl_connect(socket.get(), NETLINK_ROUTE), "connect");
  if (status.ok()) status = check(nl_socket_set_nonblocking(socket.get()), "set non-blocking");
  if (status.ok()) {
    status = check(nl_socket_set_buffer_size(socket.get(), receive_buffer_bytes, kSendBuffer),
                   "set buffer size");
  }
  if (!status.ok()) return status;
  return Socket(std::move(socket));
}

absl::Status Socket::subscribe() {
  return check(
      nl_socket_add_memberships(socket_.get(), RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0),
      "subscribe to address changes");
}

absl::Status Socket::send(std::string_view request) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const auto sent = ::sendto(fd(), request.data(), request.size(), 0,
                             reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel));
  if (sent < 0) return absl::ErrnoToStatus(errno, "rtnetlink: send");
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> Socket::receive() {
  std::array<char, kDatagram> buffer;
  for (;;) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof(sender);
    // MSG_TRUNC: the true size is returned, so a cut datagram is not taken for a whole one.
    const auto size = ::recvfrom(fd(), buffer.data(), buffer.size(), MSG_TRUNC,
                                 reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
    if (size < 0 && errno == ENOBUFS) {
      return absl::ResourceExhaustedError("rtnetlink: messages were dropped, reading all again");
    }
    if (size < 0) return absl::ErrnoToStatus(errno, "rtnetlink: receive");
    if (static_cast<std::size_t>(size) > buffer.size()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("rtnetlink: a datagram of ", size, " bytes was cut, reading all again"));
    }
    // Only the kernel has port 0: any process may send to our port, none is believed.
    if (sender.nl_pid != 0) continue;
    return std::string(buffer.data(), static_cast<std::size_t>(size));
  }
}

int Socket::fd() const { return nl_socket_get_fd(socket_.get()); }

}  // namespace vipd::netlink
