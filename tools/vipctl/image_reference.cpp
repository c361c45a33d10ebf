#include "tools/vipctl/image_reference.h"

#include <algorithm>

#include <fmt/format.h>

namespace vipd::vipctl {
namespace {

constexpr std::string_view kAlgorithm = "@sha256:";
constexpr std::size_t kDigits = 64;

absl::Status problem(std::string_view reference, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("image \"{}\" {}; write REPOSITORY[:TAG]@sha256:<64 hex digits>, as tools/image "
                  "and `skopeo inspect` print it",
                  reference, what));
}

bool is_digest(std::string_view text) {
  return text.size() == kDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Letters, digits and the separators of registries, paths and tags: nothing that YAML, a shell
// or a log could read otherwise.
bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/:").find(c) != std::string_view::npos;
  });
}

}  // namespace

absl::StatusOr<std::string> pinned_image(std::string_view reference) {
  const auto at = reference.find('@');
  if (at == reference.npos) {
    return problem(reference, "has no digest: a tag can be moved to other bytes");
  }
  const std::string_view name = reference.substr(0, at);
  if (!is_name(name)) return problem(reference, "has no usable repository before its digest");
  const std::string_view digest = reference.substr(at);
  if (digest.rfind(kAlgorithm, 0) != 0 || !is_digest(digest.substr(kAlgorithm.size()))) {
    return problem(reference, "has a digest that is not sha256 and 64 hex digits");
  }
  const std::string_view tag = name.substr(std::min(name.rfind(':'), name.size()));
  if (tag == ":latest") return problem(reference, "says latest, which tells nobody what runs");
  return std::string(reference);
}

}  // namespace vipd::vipctl
