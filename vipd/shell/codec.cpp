#include "vipd/shell/codec.h"

#include <fmt/format.h>

namespace vipd::shell {
namespace {

// A byte from 0x80 on is two bytes in UTF-8: 110000xx 10xxxxxx.
constexpr unsigned char kFirstOfTwo = 0xc0;
constexpr unsigned char kSecondOfTwo = 0x80;
constexpr unsigned char kSixBits = 0x3f;

}  // namespace

absl::Status expected(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("expected {}", what));
}

absl::Status inside(std::string_view where, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(fmt::format("{}: {}", where, std::string(status.message())));
}

Json text_to_json(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(kFirstOfTwo | (byte >> 6U));
      text += static_cast<char>(kSecondOfTwo | (byte & kSixBits));
    }
  }
  return text;
}

absl::Status text_from_json(const Json& json, std::string& bytes) {
  if (!json.is_string()) return expected("text");
  const auto& text = json.get_ref<const std::string&>();
  bytes.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      bytes += text[i];
      continue;
    }
    const bool two = (byte & ~3U) == kFirstOfTwo && i + 1 < text.size();
    if (!two) return expected("text of bytes only");
    const auto next = static_cast<unsigned char>(text[++i]);
    bytes += static_cast<char>(((byte & 3U) << 6U) | (next & kSixBits));
  }
  return absl::OkStatus();
}

absl::Status address_from_json(const Json& json, base::IpAddress& address) {
  if (!json.is_string()) return expected("an IP address");
  const auto read = base::IpAddress::parse(json.get_ref<const std::string&>());
  if (!read.ok()) return read.status();
  address = *read;
  return absl::OkStatus();
}

}  // namespace vipd::shell
