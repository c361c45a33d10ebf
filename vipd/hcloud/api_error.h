// What went wrong with a request, as the core's kind of error and a text for people. Pure.
//
// Text     names the request (and so the object), the HTTP status, Hetzner's code and message,
//          and the next step. A body that is not Hetzner's is never quoted.
// Kinds    Hetzner's code decides where it is known, for one status stands for several (403 is
//          `forbidden` and `maintenance`); else the status does; else kRefused.
// Source   facts/hetzner-api.md 10.3 (codes and statuses), and its note that balancers in
//          front answer 502 and 504 without JSON.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "vipd/core/event.h"

namespace vipd::hcloud {

struct ApiError {
  core::HcloudError kind = core::HcloudError::kRefused;
  std::string why;
};

// An answer whose status is not 2xx. `request` is "POST /floating_ips/42/actions/assign".
[[nodiscard]] ApiError explain_answer(int status, std::string_view body, std::string_view request);

// No answer, or none that could be read: a status of base::HttpClient or of messages.h.
[[nodiscard]] ApiError explain_failure(const absl::Status& failure, bool sent,
                                       std::string_view request);

}  // namespace vipd::hcloud
