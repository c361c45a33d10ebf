#include "tools/vipctl/image_reference.h"

#include <algorithm>
#include <regex>

#include <fmt/format.h>

namespace vipd::vipctl {
namespace {

constexpr std::string_view kAlgorithm = "@sha256:";
constexpr std::size_t kDigits = 64;
constexpr std::size_t kLongestName = 255;
constexpr auto kHost =
    R"(([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)"
    R"(|\[[0-9A-Fa-f:]+\])(:[0-9]+)?)";
constexpr auto kPath = R"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)";
constexpr auto kTag = R"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})";

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

struct Name {
  std::string host;  // empty: none is named
  std::string path;
  std::string tag;   // with its colon; empty: none
};

// The first part is a host where it can be nothing else.
Name split(std::string_view text) {
  Name name;
  const auto slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  if (slash != text.npos && (first == "localhost" || first.find_first_of(".:") != first.npos)) {
    name.host = first;
    text.remove_prefix(slash + 1);
  }
  const auto colon = std::min(text.find(':'), text.size());
  name.path = text.substr(0, colon);
  name.tag = text.substr(colon);
  return name;
}

bool matches(const std::string& text, const char* pattern) {
  return std::regex_match(text, std::regex(pattern));
}

// What is wrong with it; empty: nothing.
std::string_view name_problem(std::string_view text) {
  if (text.empty() || text.size() > kLongestName) {
    return "has no usable repository before its digest: 1 to 255 characters";
  }
  const Name name = split(text);
  if (!name.host.empty() && !matches(name.host, kHost)) return "names no usable registry";
  if (!matches(name.path, kPath)) {
    return "has no usable repository before its digest: its parts are a-z and 0-9, in lower case, "
           "with . _ __ or dashes between them";
  }
  if (!name.tag.empty() && !matches(name.tag, kTag)) return "has a tag that no registry takes";
  if (name.tag == ":latest") return "says latest, which tells nobody what runs";
  return "";
}

}  // namespace

absl::StatusOr<std::string> pinned_image(std::string_view reference) {
  const auto at = reference.find('@');
  if (at == reference.npos) {
    return problem(reference, "has no digest: a tag can be moved to other bytes");
  }
  const std::string_view name = reference.substr(0, at);
  if (const auto wrong = name_problem(name); !wrong.empty()) return problem(reference, wrong);
  const std::string_view digest = reference.substr(at);
  if (digest.rfind(kAlgorithm, 0) != 0 || !is_digest(digest.substr(kAlgorithm.size()))) {
    return problem(reference, "has a digest that is not sha256 and 64 hex digits");
  }
  return std::string(reference);
}

}  // namespace vipd::vipctl
