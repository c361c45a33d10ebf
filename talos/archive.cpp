#include "talos/archive.h"

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace vipd::talos {
namespace {

// POSIX ustar: offsets within a member's header.
constexpr std::size_t kBlock = 512;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kSizeDigits = 12;
constexpr std::size_t kTypeAt = 156;
constexpr int kGzipOnly = 16;  // zlib's inflateInit2: added to the window's bits

absl::Status damaged(std::string_view what) {
  return absl::DataLossError(
      fmt::format("the kubeconfig's archive {}; ask for it again", what));
}

class Inflater {
 public:
  explicit Inflater(std::string_view packed) {
    // zlib's interface is older than const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    good_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK;
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  absl::StatusOr<base::Secret> run() {
    std::string unpacked(kLargestArchive + 1, '\0');
    stream_.next_out = reinterpret_cast<Bytef*>(unpacked.data());
    stream_.avail_out = static_cast<uInt>(unpacked.size());
    const int result = good_ ? inflate(&stream_, Z_FINISH) : Z_DATA_ERROR;
    unpacked.resize(unpacked.size() - stream_.avail_out);
    base::Secret text(std::move(unpacked));
    if (text.reveal().size() > kLargestArchive) {
      return absl::OutOfRangeError(fmt::format(
          "the kubeconfig's archive unpacks to more than {} bytes; no kubeconfig is that large",
          kLargestArchive));
    }
    if (result != Z_STREAM_END) return damaged("is not gzip, or was cut short");
    return text;
  }

 private:
  z_stream stream_{};
  bool good_ = false;
};

std::optional<std::size_t> octal(std::string_view digits) {
  std::size_t value = 0;
  bool any = false;
  for (const char c : digits) {
    if (c == '\0' || c == ' ') {
      if (any) break;
      continue;
    }
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::size_t>(c - '0');
    any = true;
  }
  return any ? std::optional(value) : std::nullopt;
}

}  // namespace

absl::StatusOr<base::Secret> first_file_of(std::string_view tar_gz) {
  const auto unpacked = Inflater(tar_gz).run();
  if (!unpacked.ok()) return unpacked.status();
  std::string_view tar = unpacked->reveal();
  while (tar.size() >= kBlock) {
    const auto size = octal(tar.substr(kSizeAt, kSizeDigits));
    const char type = tar[kTypeAt];
    if (!size) break;
    tar.remove_prefix(kBlock);
    if (*size > tar.size()) return damaged("was cut short");
    if (type == '0' || type == '\0') return base::Secret(std::string(tar.substr(0, *size)));
    const std::size_t padded = (*size + kBlock - 1) / kBlock * kBlock;
    tar.remove_prefix(std::min(padded, tar.size()));
  }
  return damaged("holds no file");
}

}  // namespace vipd::talos
