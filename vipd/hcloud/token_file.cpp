#include "vipd/hcloud/token_file.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "vipd/hcloud/text.h"

namespace vipd::hcloud {
namespace {

constexpr std::size_t kLargestFile = 4096;  // a token has 64 characters
constexpr std::string_view kNextStep =
    "; write a Hetzner Cloud API token with read and write permission there, and nothing else";

absl::Status problem(std::string_view what) {
  return absl::FailedPreconditionError(fmt::format("token file: {}{}", what, kNextStep));
}

}  // namespace

absl::StatusOr<base::Secret> read_token(const std::string& path) {
  // Opening a pipe would wait for its writer, and the loop with it.
  std::error_code none;
  if (std::filesystem::exists(path, none) && !std::filesystem::is_regular_file(path, none)) {
    return problem(path + " is not a regular file");
  }
  auto content = base::read_file(path, kLargestFile);
  if (!content.ok()) return problem(std::string(content.status().message()));

  const base::Secret whole(*std::move(content));
  const std::string_view text = trimmed(whole.reveal());
  if (text.empty()) return problem(path + " is empty");
  if (std::any_of(text.begin(), text.end(), is_space)) {
    return problem(path + " has white space inside the token");
  }
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return problem(path + " has characters that are not printable ASCII");
  }
  return base::Secret(std::string(text));
}

TokenFile::TokenFile(boost::asio::io_context& loop, std::string path,
                     std::function<void(core::Event)> post, std::chrono::nanoseconds every)
    : path_(std::move(path)),
      post_(std::move(post)),
      every_(every),
      token_(absl::FailedPreconditionError("the token file has not been read yet")),
      alarm_(loop) {}

void TokenFile::start() {
  alarm_.set(std::chrono::nanoseconds(0), [this] { look(); });
}

void TokenFile::look() {
  auto seen = read_token(path_);
  const bool changed = seen.ok() ? !token_.ok() || !(*seen == *token_)
                                 : token_.ok() || seen.status() != token_.status();
  token_ = std::move(seen);
  if (changed && token_.ok()) ++generation_;
  // Before the post: whoever it reaches may end this object.
  alarm_.set(every_, [this] { look(); });
  if (!changed) return;
  post_(core::TokenSeen{.present = token_.ok(),
                        .generation = generation_,
                        .problem = std::string(token_.status().message())});
}

}  // namespace vipd::hcloud
