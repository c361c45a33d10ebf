#include "vipd/netlink/wire.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <optional>

#include "absl/strings/str_cat.h"

namespace vipd::netlink {
namespace {

constexpr std::size_t kLargestRequest = 256;  // the largest of ours has 92 bytes

struct FreeMessage {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using OwnedMessage = std::unique_ptr<nl_msg, FreeMessage>;

std::size_t address_size(base::Family family) { return family == base::Family::kV4 ? 4 : 16; }

std::uint8_t full_length(base::Family family) { return family == base::Family::kV4 ? 32 : 128; }

std::optional<base::IpAddress> read_address(const nlattr* attribute, base::Family family) {
  if (attribute == nullptr || nla_len(attribute) < static_cast<int>(address_size(family))) {
    return std::nullopt;
  }
  base::IpAddress address{.family = family, .bytes = {}};
  std::memcpy(address.bytes.data(), nla_data(attribute), address_size(family));
  return address;
}

std::optional<Record> read_record(nlmsghdr* header) {
  std::array<nla_policy, IFA_MAX + 1> policy{};
  policy[IFA_PROTO].type = NLA_U8;
  policy[IFA_FLAGS].type = NLA_U32;
  std::array<nlattr*, IFA_MAX + 1> found{};
  if (nlmsg_parse(header, sizeof(ifaddrmsg), found.data(), IFA_MAX, policy.data()) < 0) {
    return std::nullopt;
  }
  ifaddrmsg fixed{};
  std::memcpy(&fixed, nlmsg_data(header), sizeof(fixed));
  if (fixed.ifa_family != AF_INET && fixed.ifa_family != AF_INET6) return std::nullopt;

  const auto family = fixed.ifa_family == AF_INET ? base::Family::kV4 : base::Family::kV6;
  if (fixed.ifa_prefixlen > full_length(family)) return std::nullopt;
  // With a peer, IFA_ADDRESS is the far end and IFA_LOCAL ours (linux/if_addr.h).
  auto address = read_address(found[IFA_LOCAL], family);
  if (!address) address = read_address(found[IFA_ADDRESS], family);
  if (!address) return std::nullopt;
  const std::uint32_t flags =
      found[IFA_FLAGS] != nullptr ? nla_get_u32(found[IFA_FLAGS]) : fixed.ifa_flags;
  return Record{
      .address = *address,
      .prefix_length = fixed.ifa_prefixlen,
      .scope = fixed.ifa_scope,
      .link = fixed.ifa_index,
      .protocol = found[IFA_PROTO] != nullptr ? nla_get_u8(found[IFA_PROTO]) : std::uint8_t{0},
      .deprecated = (flags & IFA_F_DEPRECATED) != 0};
}

// NLMSG_ERROR and NLMSG_DONE begin with a negative errno, or 0. Some DONEs carry nothing.
int read_error(nlmsghdr* header) {
  std::int32_t code = 0;
  if (nlmsg_datalen(header) >= static_cast<int>(sizeof(code))) {
    std::memcpy(&code, nlmsg_data(header), sizeof(code));
  }
  return code == std::numeric_limits<std::int32_t>::min() ? EPROTO : std::abs(code);
}

Message read_message(nlmsghdr* header) {
  Message message;
  message.sequence = header->nlmsg_seq;
  message.interrupted = (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
  if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
    message.kind =
        header->nlmsg_type == NLMSG_ERROR ? Message::Kind::kAnswer : Message::Kind::kDone;
    message.error = read_error(header);
  } else if (header->nlmsg_type == RTM_NEWADDR || header->nlmsg_type == RTM_DELADDR) {
    if (const auto record = read_record(header)) {
      message.kind = header->nlmsg_type == RTM_NEWADDR ? Message::Kind::kPresent
                                                       : Message::Kind::kRemoved;
      message.record = *record;
    }
  }
  return message;
}

// Out of memory for 256 bytes is not survivable, so the builders throw bad_alloc as new does.
OwnedMessage request(int type, int flags, std::uint32_t sequence, const ifaddrmsg& fixed) {
  OwnedMessage message(nlmsg_alloc_size(kLargestRequest));
  if (!message) throw std::bad_alloc();
  nlmsghdr* header = nlmsg_put(message.get(), 0, sequence, type, sizeof(fixed), flags);
  if (header == nullptr) throw std::bad_alloc();
  std::memcpy(nlmsg_data(header), &fixed, sizeof(fixed));
  return message;
}

void put(nl_msg* message, int type, const void* data, std::size_t size) {
  if (nla_put(message, type, static_cast<int>(size), data) < 0) throw std::bad_alloc();
}

std::string bytes(nl_msg* message) {
  const nlmsghdr* header = nlmsg_hdr(message);
  std::string text(header->nlmsg_len, '\0');
  std::memcpy(text.data(), header, text.size());
  return text;
}

ifaddrmsg fixed_part(base::Family family, unsigned link) {
  ifaddrmsg fixed{};
  fixed.ifa_family = family == base::Family::kV4 ? AF_INET : AF_INET6;
  fixed.ifa_index = link;
  return fixed;
}

}  // namespace

absl::StatusOr<std::vector<Message>> read_messages(std::string_view datagram) {
  std::vector<Message> messages;
  while (!datagram.empty()) {
    nlmsghdr head{};
    if (datagram.size() < sizeof(head)) {
      return absl::DataLossError(absl::StrCat("rtnetlink: ", datagram.size(),
                                              " bytes are left, less than a message header"));
    }
    std::memcpy(&head, datagram.data(), sizeof(head));
    if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > datagram.size()) {
      return absl::DataLossError(absl::StrCat("rtnetlink: a message claims ", head.nlmsg_len,
                                              " bytes of ", datagram.size()));
    }
    // A copy of its own is aligned, however the datagram lies in memory.
    std::vector<nlmsghdr> copy((head.nlmsg_len + sizeof(head) - 1) / sizeof(head));
    std::memcpy(copy.data(), datagram.data(), head.nlmsg_len);
    messages.push_back(read_message(copy.data()));
    datagram.remove_prefix(std::min<std::size_t>(datagram.size(), NLMSG_ALIGN(head.nlmsg_len)));
  }
  return messages;
}

std::string dump_request(std::uint32_t sequence) {
  ifaddrmsg fixed{};
  fixed.ifa_family = AF_UNSPEC;
  return bytes(request(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, sequence, fixed).get());
}

std::string add_request(std::uint32_t sequence, unsigned link, const base::IpAddress& address) {
  ifaddrmsg fixed = fixed_part(address.family, link);
  fixed.ifa_prefixlen = full_length(address.family);
  if (address.family == base::Family::kV4) {
    fixed.ifa_scope = RT_SCOPE_HOST;
  } else {
    fixed.ifa_flags = IFA_F_NODAD;
  }
  const auto message =
      request(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sequence, fixed);
  ifa_cacheinfo lifetime{};
  lifetime.ifa_prefered = 0;
  lifetime.ifa_valid = std::numeric_limits<std::uint32_t>::max();  // for ever
  put(message.get(), IFA_LOCAL, address.bytes.data(), address_size(address.family));
  put(message.get(), IFA_ADDRESS, address.bytes.data(), address_size(address.family));
  put(message.get(), IFA_CACHEINFO, &lifetime, sizeof(lifetime));
  put(message.get(), IFA_PROTO, &kMark, sizeof(kMark));
  return bytes(message.get());
}

std::string remove_request(std::uint32_t sequence, const Record& record) {
  ifaddrmsg fixed = fixed_part(record.address.family, record.link);
  fixed.ifa_prefixlen = static_cast<std::uint8_t>(record.prefix_length);
  const auto message = request(RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK, sequence, fixed);
  const std::size_t size = address_size(record.address.family);
  put(message.get(), IFA_LOCAL, record.address.bytes.data(), size);
  put(message.get(), IFA_ADDRESS, record.address.bytes.data(), size);
  return bytes(message.get());
}

}  // namespace vipd::netlink
