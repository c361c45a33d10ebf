#include "vipd/hcloud/api.h"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "vipd/hcloud/api_error.h"
#include "vipd/hcloud/rate.h"
#include "vipd/hcloud/text.h"

namespace vipd::hcloud {
namespace {

constexpr std::size_t kLargestAnswer = 1 << 20;  // 50 Floating IPs are about 60 KiB

std::string name_of(const ApiRequest& request) {
  return fmt::format("{} {}{}{}", request.method, request.path, request.body.empty() ? "" : " ",
                     request.body);
}

core::HcloudFailed failed(ApiError error, bool sent, core::Instant sent_at, core::Rate rate) {
  return {.call = 0, .error = error.kind, .why = std::move(error.why), .sent = sent,
          .sent_at = sent_at, .rate = rate};
}

}  // namespace

Api::Api(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log, Options options,
         const TokenFile& token)
    : loop_(loop),
      clock_(clock),
      log_(log),
      options_(std::move(options)),
      token_(token),
      client_(loop, clock) {
  options_.endpoint = without_last_slash(options_.endpoint);
}

void Api::send(const ApiRequest& request, Done done) {
  const core::Instant started = clock_.now();
  if (!token_.token().ok()) {
    const ApiError error{core::HcloudError::kUnauthorized,
                         fmt::format("{}: {}", name_of(request),
                                     std::string(token_.token().status().message()))};
    return fail_later(failed(error, false, started, {}), std::move(done));
  }
  auto http = prepare(request);
  if (!http.ok()) {
    const ApiError error = explain_failure(http.status(), false, name_of(request));
    return fail_later(failed(error, false, started, {}), std::move(done));
  }
  client_.send(*std::move(http),
               [this, request, started, done = std::move(done)](base::HttpResult result) {
                 done(judge(request, started, std::move(result)));
               });
}

absl::StatusOr<base::HttpRequest> Api::prepare(const ApiRequest& request) const {
  base::HttpRequest http;
  http.method = request.method;
  http.url = options_.endpoint + request.path;
  http.headers = {{"User-Agent", options_.user_agent}, {"Accept", "application/json"}};
  if (!request.body.empty()) http.headers.emplace_back("Content-Type", "application/json");
  http.bearer = *token_.token();
  http.body = request.body;
  http.deadline = request.deadline;
  http.first_byte_by = request.first_byte_by;
  http.body_limit = kLargestAnswer;
  if (!options_.ca_file.empty()) {
    auto ca = base::read_file(options_.ca_file);
    if (!ca.ok()) return ca.status();
    http.tls.ca_pem = *std::move(ca);
  }
  return http;
}

void Api::fail_later(core::HcloudFailed failure, Done done) {
  boost::asio::post(loop_, [alive = std::weak_ptr(alive_), failure = std::move(failure),
                            done = std::move(done)] {
    if (!alive.expired()) done(failure);
  });
}

ApiResult Api::judge(const ApiRequest& request, core::Instant started, base::HttpResult result) {
  const auto& response = result.response;
  const int status = response.ok() ? response->status : 0;
  if (result.sent) ++counters_.requests[{request.method, status}];

  const core::Rate rate = response.ok() ? read_rate(response->headers) : core::Rate{};
  const bool exact = request.first_byte_by.has_value() && result.sent;
  const core::Instant sent_at = exact ? result.first_byte_at : started;
  log_.write(base::LogLevel::kDebug, "hcloud request",
             {{"request", name_of(request)},
              {"status", std::to_string(status)},
              {"remaining", std::to_string(rate.remaining)},
              {"correlation", response.ok() ? base::find_header(response->headers,
                                                                "X-Correlation-Id").value_or("")
                                            : ""}});

  if (!response.ok()) {
    return failed(explain_failure(response.status(), result.sent, name_of(request)), result.sent,
                  sent_at, rate);
  }
  if (status < 200 || status > 299) {
    return failed(explain_answer(status, response->body, name_of(request)), true, sent_at, rate);
  }
  return ApiAnswer{.body = std::move(*result.response).body, .sent_at = sent_at, .rate = rate};
}

}  // namespace vipd::hcloud
