// Datagrams of the kernel.
#include "tests/fuzz/fuzz.h"
#include "vipd/netlink/wire.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto messages = vipd::netlink::read_messages(vipd::fuzz::text(data, size));
  if (!messages.ok()) return 0;
  for (const auto& message : *messages) {
    vipd::fuzz::must(message.error >= 0, "an error is a positive errno");
    vipd::fuzz::must(message.record.prefix_length >= 0 && message.record.prefix_length <= 128,
                     "a prefix has a length");
  }
  return 0;
}
