#include "vipd/hcloud/metadata.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "vipd/hcloud/text.h"

namespace vipd::hcloud {
namespace {

constexpr std::size_t kLargestAnswer = 64 << 10;

struct Key {
  std::string_view path;
  std::string MetadataTexts::*text;
  bool required;
};
constexpr Key kKeys[] = {
    {"/metadata/instance-id", &MetadataTexts::instance_id, true},
    {"/metadata/hostname", &MetadataTexts::hostname, true},
    {"/metadata/public-ipv4", &MetadataTexts::public_v4, false},
    {"/metadata/private-networks", &MetadataTexts::private_networks, false},
};
constexpr std::size_t kKeyCount = std::size(kKeys);

bool same(const core::Identity& a, const core::Identity& b) {
  return std::tie(a.server, a.node, a.private_addresses, a.public_v4) ==
         std::tie(b.server, b.node, b.private_addresses, b.public_v4);
}

}  // namespace

Metadata::Metadata(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log,
                   Options options, std::function<void(core::Event)> post)
    : clock_(clock),
      log_(log),
      options_(std::move(options)),
      post_(std::move(post)),
      retry_(options_.first_retry),
      alarm_(loop),
      client_(loop, clock) {
  options_.endpoint = without_last_slash(options_.endpoint);
}

void Metadata::start() { begin(); }

void Metadata::begin() {
  texts_ = {};
  deadline_ = clock_.now() + options_.try_within;
  ask(0);
}

void Metadata::ask(std::size_t key) {
  base::HttpRequest request;
  request.url = fmt::format("{}{}", options_.endpoint, kKeys[key].path);
  request.headers = {{"User-Agent", options_.user_agent}};
  request.deadline = deadline_;
  request.body_limit = kLargestAnswer;
  client_.send(std::move(request),
               [this, key](const base::HttpResult& result) { hear(key, result); });
}

void Metadata::hear(std::size_t key, const base::HttpResult& result) {
  if (!result.response.ok()) return fail(std::string(result.response.status().message()));
  const base::HttpResponse& response = *result.response;
  const bool absent = response.status == 404 && !kKeys[key].required;
  if (response.status != 200 && !absent) {
    return fail(fmt::format("{}: HTTP {}", kKeys[key].path, response.status));
  }
  if (!absent) texts_.*kKeys[key].text = response.body;
  if (key + 1 < kKeyCount) return ask(key + 1);

  const auto identity = read_identity(texts_);
  if (!identity.ok()) return fail(std::string(identity.status().message()));
  succeed(*identity);
}

void Metadata::succeed(const core::Identity& seen) {
  retry_ = options_.first_retry;
  alarm_.set(options_.check_every, [this] { begin(); });
  if (known_ && same(*known_, seen)) return;
  known_ = seen;
  post_(seen);
}

void Metadata::fail(std::string_view what) {
  const core::Duration wait = retry_;
  retry_ = std::min(2 * retry_, options_.longest_retry);
  alarm_.set(wait, [this] { begin(); });

  const std::string why =
      fmt::format(
      "Hetzner metadata service {}: {}; is this a Hetzner Cloud server, and may it reach that "
      "address?",
      options_.endpoint, what);
  if (known_) {
    log_.write(base::LogLevel::kWarn, "identity could not be checked", {{"why", why}});
  } else {
    post_(core::IdentityFailed{why});
  }
}

}  // namespace vipd::hcloud
