// The bytes are captured from Linux 6.18, by a raw socket in a network namespace, the dump and
// notifications whole. libnl did not write them, nor did we.
#include "vipd/netlink/wire.h"

#include <cerrno>

#include "tests/catch.h"

namespace vipd::netlink {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

base::IpAddress ip(std::string_view text) { return base::IpAddress::parse(text).value(); }

const Record kOurV4{ip("5.75.1.2"), 32, 254, 1, kMark, true};
const Record kOurV6{ip("2a01:4f8:c0::1"), 128, 0, 1, kMark, true};

constexpr auto kAdded =
    "54000000140000000700000"
    "04e1bb6f20220a0fe010000000800010"
    "0054b0102080002"
    "00054b0102070003006c6f000005000b0076000000080008"
    "00a000000014000600ffffffffffffffff3ffb02003ffb0200";
constexpr auto kRemoved =
    "54000000150000000b000000"
    "4e1bb6f20220a0fe0100000008000100054b01020800020"
    "0054b0102070003006c6f000005000b00760000000800"
    "0800a000000014000600ffffffffffffffff3ffb02003ffb0200";
constexpr auto kAddedV6 =
    "50000000140000000000000000000000"
    "0a80a20001000000140001002a0104f800c0000000000000000000"
    "01140006000000"
    "0000ffffffff3ffb02003ffb020008000800a200000005000b0076000000";
constexpr auto kForeign =
    "540000001400000091510"
    "16bad25000002188000010000000800010"
    "0c0000207080002"
    "00c000020708000400c00002ff070003006c6f00000800"
    "08008000000014000600ffffffffffffffff3ffb02003ffb0200";
constexpr auto kWithPeer =
    "4c000000140000009151016baf250000"
    "022080000100000008000100c633640108000200c0000209"
    "070003006c6f000008000800800000001400"
    "0600ffffffffffffffff40fb020040fb0200";
constexpr auto kAccepted =
    "240000000200000107000000"
    "4e1bb6f2000000004400000014000506"
    "0700000000000000";
constexpr auto kExists =
    "5800000002000000080000004e1bb6f2efffffff"
    "4400000014000506080000000000000002"
    "2000fe0100000008000200054b010208000100054b0102"
    "1400060000000000ffffffff000000000000000005000b0076000000";
constexpr auto kNoSuchAddress =
    "3c000000020000000c0000004e1bb6f29dffffff"
    "28000000150005000c0000000000000002200000"
    "0100000008000200054b010208000100054b0102";
constexpr auto kNoSuchLink =
    "3c000000020000000d0000004e1bb6f2edffffff"
    "28000000150005000d0000000000000002200000"
    "6300000008000200054b010208000100054b0102";
constexpr auto kDone = "14000000030002000a0000004e1bb6f200000000";

Message only(std::string_view hex) {
  const auto messages = read_messages(from_hex(hex));
  REQUIRE(messages.ok());
  REQUIRE(messages->size() == 1);
  return messages->front();
}

TEST_CASE("an address that vipd added is read with scope host, our mark and preferred 0", "[N7]") {
  const Message v4 = only(kAdded);
  CHECK(v4.kind == Message::Kind::kPresent);
  CHECK(v4.sequence == 7);
  CHECK(v4.record == kOurV4);
  const Message v6 = only(kAddedV6);
  CHECK(v6.kind == Message::Kind::kPresent);
  CHECK(v6.record == kOurV6);
}

TEST_CASE("a removal is told from an addition") {
  CHECK(only(kRemoved).kind == Message::Kind::kRemoved);
  CHECK(only(kRemoved).record == kOurV4);
}

TEST_CASE("an address that somebody else added has no mark and is preferred", "[N5]") {
  CHECK(only(kForeign).record == Record{ip("192.0.2.7"), 24, 0, 1, 0, false});
}

TEST_CASE("a prefix longer than its address is none that the kernel would name") {
  std::string bytes = from_hex(kAdded);
  const std::size_t prefix_length = 17;  // after nlmsghdr and ifa_family
  bytes[prefix_length] = 32;
  CHECK(read_messages(bytes)->front().kind == Message::Kind::kPresent);
  bytes[prefix_length] = 33;
  CHECK(read_messages(bytes)->front().kind == Message::Kind::kOther);
}

TEST_CASE("of a pair of addresses with a peer, ours is the local one") {
  CHECK(only(kWithPeer).record == Record{ip("192.0.2.9"), 32, 0, 1, 0, false});
}

TEST_CASE("a negative errno is a refusal and zero is not") {
  CHECK(only(kAccepted).kind == Message::Kind::kAnswer);
  CHECK(only(kAccepted).error == 0);
  CHECK(only(kAccepted).sequence == 7);
  CHECK(only(kExists).error == EEXIST);
  CHECK(only(kNoSuchAddress).error == EADDRNOTAVAIL);
  CHECK(only(kNoSuchLink).error == ENODEV);
  CHECK(only(kDone).kind == Message::Kind::kDone);
  CHECK(only(kDone).error == 0);
}

TEST_CASE("a datagram of several messages is read to its end") {
  const auto messages = read_messages(from_hex(std::string(kAdded) + kForeign + kDone));
  REQUIRE(messages.ok());
  REQUIRE(messages->size() == 3);
  CHECK(messages->at(0).record.address == ip("5.75.1.2"));
  CHECK(messages->at(1).record.address == ip("192.0.2.7"));
  CHECK(messages->at(2).kind == Message::Kind::kDone);
}

TEST_CASE("a dump that was interrupted by a change says so") {
  std::string bytes = from_hex(kAdded);
  CHECK_FALSE(read_messages(bytes)->front().interrupted);
  bytes[6] = 0x12;  // NLM_F_MULTI | NLM_F_DUMP_INTR
  CHECK(read_messages(bytes)->front().interrupted);
}

TEST_CASE("our requests are what the kernel accepted, byte by byte") {
  // The kernel quotes a refused request after the errno: header, then what was sent.
  const std::string quoted = from_hex(kExists).substr(20);
  const std::string ours = add_request(8, 1, kOurV4.address);
  CHECK(ours.size() == quoted.size());
  CHECK(ours.substr(16) == quoted.substr(16));
  CHECK(ours.substr(4, 8) == quoted.substr(4, 8));
  const std::string removal = from_hex(kNoSuchAddress).substr(20);
  CHECK(remove_request(12, kOurV4).substr(16) == removal.substr(16));
}

TEST_CASE("no cut and no single wrong byte is read past its end") {
  const std::string whole = from_hex(std::string(kAdded) + kAddedV6 + kExists + kDone);
  std::size_t refused = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    refused += read_messages(whole.substr(0, size)).ok() ? 0 : 1;
  }
  CHECK(refused > whole.size() - 8);  // a cut between messages, or in the last padding, is whole
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char wrong : {'\x00', '\x01', '\x7f', '\x80', '\xff'}) {
      std::string bent = whole;
      bent[at] = wrong;
      const auto messages = read_messages(bent);
      CHECK((!messages.ok() || messages->size() <= whole.size() / 16));
    }
  }
}

}  // namespace
}  // namespace vipd::netlink
