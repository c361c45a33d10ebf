#include "tools/vipctl/hetzner.h"

#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/url.h"
#include "tools/vipctl/fetch.h"
#include "vipd/hcloud/api_error.h"
#include "vipd/hcloud/messages.h"
#include "vipd/hcloud/text.h"
#include "vipd/hcloud/token_file.h"

namespace vipd::vipctl {
namespace {

constexpr std::chrono::seconds kAnswerWithin{15};
constexpr int kMostPages = 10;  // of 50, as the daemon allows itself

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

absl::StatusOr<base::HttpRequest> request_for(const HetznerAccess& access, const std::string& path,
                                              const base::Clock& clock) {
  base::HttpRequest request;
  request.url = hcloud::without_last_slash(access.endpoint) + path;
  request.headers = {{"User-Agent", "vipctl/" VIPD_VERSION}, {"Accept", "application/json"}};
  request.bearer = access.token;
  request.deadline = clock.now() + kAnswerWithin;
  if (access.ca_file.empty()) return request;
  auto ca = base::read_file(access.ca_file);
  if (!ca.ok()) return ca.status();
  request.tls.ca_pem = *std::move(ca);
  return request;
}

absl::StatusOr<hcloud::FipPage> page_at(const HetznerAccess& access, const std::string& path,
                                        const base::Clock& clock) {
  const std::string name = "GET " + path;
  auto request = request_for(access, path, clock);
  if (!request.ok()) return request.status();
  const auto response = fetch(*std::move(request), clock);
  // Never `sent`: that is for writes, which may have been done.
  if (!response.ok()) {
    return absl::UnavailableError(hcloud::explain_failure(response.status(), false, name).why);
  }
  if (response->status != 200) {
    return absl::UnavailableError(
        hcloud::explain_answer(response->status, response->body, name).why);
  }
  auto page = hcloud::read_fip_page(response->body);
  if (page.ok()) return page;
  return absl::UnavailableError(hcloud::explain_failure(page.status(), false, name).why);
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

absl::StatusOr<std::vector<core::FloatingIp>> list_floating_ips(const HetznerAccess& access,
                                                                const std::string& selector,
                                                                const base::Clock& clock) {
  std::vector<core::FloatingIp> all;
  std::optional<std::int64_t> page = 1;
  for (int pages = 0; page && pages < kMostPages; ++pages) {
    std::string path = fmt::format("/floating_ips?per_page=50&page={}", *page);
    if (!selector.empty()) path += "&label_selector=" + hcloud::percent_encoded(selector);
    auto got = page_at(access, path, clock);
    if (!got.ok()) return got.status();
    std::move(got->fips.begin(), got->fips.end(), std::back_inserter(all));
    page = got->next_page;
  }
  if (page) {
    return absl::UnavailableError(fmt::format(
        "more than {} Floating IPs: narrow them with -f vipd.yaml and its labels", all.size()));
  }
  return all;
}

}  // namespace vipd::vipctl
