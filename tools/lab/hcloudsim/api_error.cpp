#include "tools/lab/hcloudsim/api_error.h"

#include <fmt/format.h>

namespace vipd::hcloudsim {

using base::Json;

Json ApiError::body() const {
  return Json{{"error", {{"code", code}, {"message", message}, {"details", details}}}};
}

ApiError invalid_input(const std::vector<FieldProblem>& problems) {
  Json fields = Json::array();
  for (const FieldProblem& each : problems) {
    fields.push_back({{"name", each.field}, {"messages", Json::array({each.problem})}});
  }
  const std::string first =
      problems.empty() ? "" : fmt::format(" in field '{}': {}", problems[0].field,
                                          problems[0].problem);
  return {422, "invalid_input", "invalid input" + first, {{"fields", std::move(fields)}}};
}

ApiError not_found(std::string_view what, std::int64_t id) {
  return {404, "not_found", fmt::format("{} with ID '{}' not found", what, id)};
}

ApiError no_such_path(std::string_view path) {
  return {404, "not_found", fmt::format("nothing is served at {}", path)};
}

ApiError not_unique(std::string_view field) {
  return {409, "uniqueness_error", fmt::format("{} is already used", field),
          {{"fields", Json::array({{{"name", field}}})}}};
}

ApiError limit_exceeded(std::string_view message, std::string_view limit) {
  return {403, "resource_limit_exceeded", std::string(message),
          {{"limits", Json::array({{{"name", limit}}})}}};
}

// The text was seen at the real API (facts/hetzner-api.md 10.3).
ApiError locked(std::string_view what) {
  return {423, "locked", fmt::format("cannot perform operation because {} is locked", what)};
}

ApiError is_protected(std::string_view what) {
  return {423, "protected", fmt::format("{} is protected from deletion", what)};
}

ApiError removed_endpoint(std::string_view what, std::string_view announcement) {
  return {410, "deprecated_api_endpoint", fmt::format("{} was removed", what),
          {{"announcement", announcement}}};
}

ApiError unauthorized() { return {401, "unauthorized", "unable to authenticate"}; }

// hcloud-go 2.51 took `forbidden` for what was 401 `token_readonly` until then (its changelog).
ApiError token_readonly() {
  return {403, "forbidden", "the token may only be used for reading"};
}

ApiError method_not_allowed() {
  return {405, "method_not_allowed", "the path does not support this method"};
}

ApiError json_error() { return {400, "json_error", "the request's body is no JSON object"}; }

ApiError conflict() {
  return {409, "conflict", "the resource has changed during the request, please retry"};
}

// The text was seen at the real API (facts/hetzner-api.md 10.2).
ApiError rate_limited(int limit) {
  return {429, "rate_limit_exceeded", fmt::format("limit of {} requests per hour reached", limit)};
}

ApiError server_error() { return {500, "server_error", "an error in the API's backend"}; }

ApiError timed_out() { return {504, "timeout", "no answer in time, please retry"}; }

}  // namespace vipd::hcloudsim
