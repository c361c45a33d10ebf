#include "vipd/hcloud/api_error.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "vipd/hcloud/error_body.h"

namespace vipd::hcloud {
namespace {

using core::HcloudError;

struct Known {
  std::string_view code;
  HcloudError kind;
  std::string_view next;
};

constexpr std::string_view kWaitForApi =
    "the API is in trouble: it is asked again with backoff, see https://status.hetzner.com";
constexpr std::string_view kNewToken =
    "put a valid token of this project, read and write, into the token file";
constexpr std::string_view kReport = "this vipd and the API do not agree: update vipd or report it";

constexpr std::string_view kNewWriter =
    "the token may only read: put one with read and write into the token file";

constexpr Known kCodes[] = {
    {"unauthorized", HcloudError::kUnauthorized, kNewToken},
    {"forbidden", HcloudError::kUnauthorized, kNewToken},
    {"token_readonly", HcloudError::kReadonly, kNewWriter},
    // Everybody's trouble, not our token's: nobody becomes unready for it.
    {"maintenance", HcloudError::kServer, kWaitForApi},
    {"not_found", HcloudError::kNotFound,
     "check the id, and that the token belongs to the project that owns it"},
    {"conflict", HcloudError::kConflict, "it changed meanwhile: it is read before any repeat"},
    {"uniqueness_error", HcloudError::kConflict, "it is read before any repeat"},
    {"locked", HcloudError::kLocked, "another action runs on it: that one is waited for"},
    {"protected", HcloudError::kProtected, "take the protection off in the Hetzner console"},
    {"floating_ip_assigned", HcloudError::kAssigned,
     "it is read: perhaps it is assigned right already"},
    {"rate_limit_exceeded", HcloudError::kRateLimited,
     "all tools of the project share one limit: its reset is waited for; find who uses it up"},
    {"server_error", HcloudError::kServer, kWaitForApi},
    {"bad_gateway", HcloudError::kServer, kWaitForApi},
    {"unavailable", HcloudError::kServer, kWaitForApi},
    {"timeout", HcloudError::kTimeout, "it may have been done: it is read before any repeat"},
    {"invalid_input", HcloudError::kRefused, kReport},
    {"json_error", HcloudError::kRefused, kReport},
    {"method_not_allowed", HcloudError::kRefused, kReport},
    {"deprecated_api_endpoint", HcloudError::kRefused, "update vipd: the API dropped this call"},
    {"resource_limit_exceeded", HcloudError::kRefused, "ask Hetzner to raise the project's limit"},
    {"resource_locked", HcloudError::kRefused, "ask Hetzner's support to unlock it"},
};

// What hcloud-go 2.51 and later take for the former token_readonly.
constexpr Known kForbiddenWrite{"forbidden", HcloudError::kReadonly, kNewWriter};

const Known* find_known(std::string_view code, std::string_view request) {
  const bool writes = !request.starts_with("GET ");
  if (writes && code == kForbiddenWrite.code) return &kForbiddenWrite;
  const auto* known = std::find_if(std::begin(kCodes), std::end(kCodes),
                                   [&](const Known& k) { return k.code == code; });
  return known != std::end(kCodes) ? known : nullptr;
}

std::optional<HcloudError> kind_of(int status) {
  switch (status) {
    case 401:
    case 403: return HcloudError::kUnauthorized;
    case 404: return HcloudError::kNotFound;
    case 409: return HcloudError::kConflict;
    case 429: return HcloudError::kRateLimited;
    case 504: return HcloudError::kTimeout;
    default: break;
  }
  if (status >= 500 && status <= 599) return HcloudError::kServer;
  return std::nullopt;
}

// Redirects, and 4xx that any web server in between or a wrong base URL gives, say nothing
// about our objects; 401 and 403 stay what they are, so that no request is repeated blindly.
ApiError explain_foreign(int status, std::string_view request) {
  const auto kind = status == 404 ? std::nullopt : kind_of(status);
  const std::string_view next = status >= 500 || status == 429
                                    ? kWaitForApi
                                    : "check the endpoint: something else answers there";
  return {kind.value_or(HcloudError::kBadAnswer),
          fmt::format("{}: HTTP {} without Hetzner's error body; {}", request, status, next)};
}

}  // namespace

ApiError explain_answer(int status, std::string_view body, std::string_view request) {
  const auto said = read_error_body(body);
  if (!said) return explain_foreign(status, request);

  const Known* known = find_known(said->code, request);
  const HcloudError kind = known ? known->kind : kind_of(status).value_or(HcloudError::kRefused);
  const std::string_view next =
      known ? known->next : "look the code up at https://docs.hetzner.cloud and report it";
  const std::string fields = said->fields.empty() ? "" : ", fields " + said->fields;
  return {kind, fmt::format("{}: {} {} ({}{}); {}", request, status, said->code, said->message,
                            fields, next)};
}

ApiError explain_failure(const absl::Status& failure, bool sent, std::string_view request) {
  HcloudError kind = HcloudError::kUnreachable;
  std::string_view next = sent ? "it may have been done: it is read before any repeat"
                               : "check route, firewall, DNS and the CA file for the API";
  switch (failure.code()) {
    case absl::StatusCode::kAborted:
      kind = HcloudError::kNotSent;
      next = "it is guarded again and then sent";
      break;
    case absl::StatusCode::kDeadlineExceeded:
      kind = HcloudError::kTimeout;
      break;
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kInvalidArgument:  // sent: JSON; not sent: our own PEM or URL
      if (sent) kind = HcloudError::kBadAnswer;
      break;
    default: break;
  }
  return {kind, fmt::format("{}: {}; {}", request, std::string(failure.message()), next)};
}

}  // namespace vipd::hcloud
