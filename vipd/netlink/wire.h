// rtnetlink address messages as values: bytes in, records out, and the three requests we send.
//
// Pure: no socket, no state.
// Units   Errors are positive errno values, as strerror() takes them; on the wire they are
//         negative, and 0 is the acknowledgement.
// Errors  read_messages() gives DataLoss for bytes that are not whole messages; a message of
//         another kind or family is kOther, never an error.
// Source  rtnetlink(7), linux/if_addr.h. libnl 3.7 does not know IFA_PROTO, so that attribute
//         is read and written here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"

namespace vipd::netlink {

// What vipd writes into IFA_PROTO (kernel 5.18 and later), to know its own addresses again
// after a restart. 0 to 3 are the kernel's; the rest is free. 0x76 is 'v'.
inline constexpr std::uint8_t kMark = 0x76;

struct Record {
  base::IpAddress address;
  int prefix_length = 0;
  int scope = 0;  // 0 global, 253 link, 254 host
  unsigned link = 0;
  std::uint8_t protocol = 0;
  bool deprecated = false;  // the preferred lifetime is over: never chosen as a source
  friend bool operator==(const Record&, const Record&) = default;
};

struct Message {
  enum class Kind { kPresent, kRemoved, kAnswer, kDone, kOther };
  Kind kind = Kind::kOther;
  std::uint32_t sequence = 0;
  bool interrupted = false;  // of a dump: the set changed meanwhile, ask again
  int error = 0;             // of kAnswer and kDone
  Record record;             // of kPresent and kRemoved
  friend bool operator==(const Message&, const Message&) = default;
};

absl::StatusOr<std::vector<Message>> read_messages(std::string_view datagram);

// All addresses of both families; answered by kPresent ... kDone.
[[nodiscard]] std::string dump_request(std::uint32_t sequence);
// The form of rule N7: /32 scope host or /128 without duplicate detection, preferred lifetime
// 0, our mark. Answered by kAnswer; EEXIST where the address is there already.
[[nodiscard]] std::string add_request(std::uint32_t sequence, unsigned link,
                                      const base::IpAddress& address);
// Exactly this record; answered by kAnswer.
[[nodiscard]] std::string remove_request(std::uint32_t sequence, const Record& record);

}  // namespace vipd::netlink
