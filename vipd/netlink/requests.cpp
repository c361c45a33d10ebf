#include "vipd/netlink/requests.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"

namespace vipd::netlink {
namespace {

// Each attempt is one pass over all addresses; a node changes them a few times a second at most.
constexpr int kDumpAttempts = 8;

std::string next_step(int error) {
  switch (error) {
    case EPERM:
      return ": vipd needs CAP_NET_ADMIN and the host's network";
    case EACCES:
    case EOPNOTSUPP:
      return ": IPv6 is off on lo, set net.ipv6.conf.lo.disable_ipv6=0";
    case ENODEV:
      return ": the link is gone";
    default:
      return "";
  }
}

absl::Status failure(const char* what, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat("rtnetlink: ", what, next_step(error)));
}

}  // namespace

absl::StatusOr<std::vector<Record>> Requests::read(unsigned link) {
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    auto result = dump(link);
    if (!result.ok()) return result.status();
    if (!result->interrupted) return std::move(result->records);
  }
  return absl::AbortedError("rtnetlink: addresses change faster than they can be read");
}

absl::Status Requests::add(unsigned link, const base::IpAddress& address) {
  const std::uint32_t sequence = ++sequence_;
  const auto error = answer(add_request(sequence, link, address), sequence);
  if (!error.ok()) return error.status();
  return *error == 0 ? absl::OkStatus() : failure("add an address to lo", *error);
}

absl::Status Requests::remove(const Record& record) {
  const std::uint32_t sequence = ++sequence_;
  const auto error = answer(remove_request(sequence, record), sequence);
  if (!error.ok()) return error.status();
  // EADDRNOTAVAIL: somebody was faster, it is gone as wished.
  const bool gone = *error == 0 || *error == EADDRNOTAVAIL;
  return gone ? absl::OkStatus() : failure("remove an address from lo", *error);
}

absl::StatusOr<Requests::Dump> Requests::dump(unsigned link) {
  const std::uint32_t sequence = ++sequence_;
  if (const auto sent = socket_.send(dump_request(sequence)); !sent.ok()) return sent;
  Dump result;
  for (;;) {
    const auto messages = next(sequence);
    if (!messages.ok()) return messages.status();
    for (const Message& message : *messages) {
      result.interrupted = result.interrupted || message.interrupted;
      if (message.error != 0) return failure("read the addresses", message.error);
      if (message.kind == Message::Kind::kDone) return result;
      if (message.kind == Message::Kind::kPresent && message.record.link == link) {
        result.records.push_back(message.record);
      }
    }
  }
}

absl::StatusOr<int> Requests::answer(const std::string& request, std::uint32_t sequence) {
  if (const auto sent = socket_.send(request); !sent.ok()) return sent;
  for (;;) {
    const auto messages = next(sequence);
    if (!messages.ok()) return messages.status();
    for (const Message& message : *messages) {
      if (message.kind == Message::Kind::kAnswer) return message.error;
    }
  }
}

// The messages of the next datagram that belong to this request; those of an earlier one, given
// up after an error, are skipped.
absl::StatusOr<std::vector<Message>> Requests::next(std::uint32_t sequence) {
  auto datagram = socket_.receive();
  if (!datagram.ok()) return datagram.status();
  if (!*datagram) return absl::UnavailableError("rtnetlink: the kernel gave no answer");
  auto messages = read_messages(**datagram);
  if (!messages.ok()) return messages.status();
  messages->erase(std::remove_if(messages->begin(), messages->end(),
                                 [&](const Message& each) { return each.sequence != sequence; }),
                  messages->end());
  return messages;
}

}  // namespace vipd::netlink
