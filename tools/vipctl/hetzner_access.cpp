#include <fmt/format.h>

#include "base/url.h"
#include "tools/vipctl/hetzner_session.h"
#include "vipd/hcloud/token_file.h"

namespace vipd::vipctl {
namespace {

absl::StatusOr<base::Secret> token_of(const Environment& around) {
  const base::Secret given(around.variable("HCLOUD_TOKEN"));
  if (!given.empty()) return given;
  const std::string file = around.variable("HCLOUD_TOKEN_FILE");
  if (!file.empty()) return hcloud::read_token(file);
  return absl::FailedPreconditionError(
      "no Hetzner Cloud token: set HCLOUD_TOKEN_FILE to the file that holds it, or HCLOUD_TOKEN");
}

absl::Status check_endpoint(const std::string& endpoint) {
  const auto url = base::Url::parse(endpoint);
  if (!url.ok()) return url.status();
  if (url->scheme == base::Url::Scheme::kHttps) return absl::OkStatus();
  if (url->host == "localhost" || url->host == "::1" || url->host.rfind("127.", 0) == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "HCLOUD_ENDPOINT \"{}\": the token would travel in clear; use https://", endpoint));
}

}  // namespace

absl::StatusOr<HetznerAccess> hetzner_access(const Environment& around,
                                             const std::optional<shell::Settings>& declared) {
  const shell::Settings::Hcloud hcloud = declared ? declared->hcloud : shell::Settings::Hcloud{};
  const std::string given = around.variable("HCLOUD_ENDPOINT");
  HetznerAccess access{.endpoint = given.empty() ? hcloud.endpoint : given,
                       .ca_file = hcloud.ca_file,
                       .token = base::Secret()};
  if (const auto status = check_endpoint(access.endpoint); !status.ok()) return status;
  auto token = token_of(around);
  if (!token.ok()) return token.status();
  access.token = *std::move(token);
  return access;
}

}  // namespace vipd::vipctl
