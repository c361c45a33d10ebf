#include "vipd/hcloud/api_error.h"

#include "tests/catch.h"
#include "tests/hcloud/bodies.h"

namespace vipd::hcloud {
namespace {

using core::HcloudError;
using Catch::Matchers::Contains;

const std::string kRequest = R"(POST /floating_ips/42/actions/assign {"server":7})";

struct Row {
  int status;
  std::string code;
  HcloudError kind;
};

TEST_CASE("every documented error has its kind and a text with code, object and next step "
          "[A10][A11][A12][A13]") {
  const auto row = GENERATE(values<Row>({
      {400, "json_error", HcloudError::kRefused},
      {401, "unauthorized", HcloudError::kUnauthorized},
      {401, "token_readonly", HcloudError::kReadonly},
      {403, "token_readonly", HcloudError::kReadonly},
      {403, "forbidden", HcloudError::kReadonly},
      {403, "maintenance", HcloudError::kServer},
      {403, "resource_limit_exceeded", HcloudError::kRefused},
      {404, "not_found", HcloudError::kNotFound},
      {405, "method_not_allowed", HcloudError::kRefused},
      {409, "uniqueness_error", HcloudError::kConflict},
      {409, "conflict", HcloudError::kConflict},
      {410, "deprecated_api_endpoint", HcloudError::kRefused},
      {412, "resource_unavailable", HcloudError::kRefused},
      {422, "invalid_input", HcloudError::kRefused},
      {422, "service_error", HcloudError::kRefused},
      {422, "unsupported_error", HcloudError::kRefused},
      {422, "floating_ip_assigned", HcloudError::kAssigned},
      {422, "must_be_unassigned", HcloudError::kRefused},
      {423, "locked", HcloudError::kLocked},
      {423, "protected", HcloudError::kProtected},
      {429, "rate_limit_exceeded", HcloudError::kRateLimited},
      {500, "server_error", HcloudError::kServer},
      {502, "bad_gateway", HcloudError::kServer},
      {503, "unavailable", HcloudError::kServer},
      {504, "timeout", HcloudError::kTimeout},
  }));
  CAPTURE(row.status, row.code);
  const auto error = explain_answer(row.status, error_json(row.code, "as it says"), kRequest);
  CHECK(error.kind == row.kind);
  CHECK_THAT(error.why, Contains(kRequest + ": " + std::to_string(row.status) + " " + row.code +
                                 " (as it says); "));
  CHECK(error.why.size() > error.why.find("); ") + 20);
}

TEST_CASE("forbidden for a write is a token that may only read; for a read it may pass [A13]") {
  const auto kind = [](const std::string& request) {
    return explain_answer(403, error_json("forbidden", "no"), request).kind;
  };
  CHECK(kind(kRequest) == HcloudError::kReadonly);
  CHECK(kind("GET /floating_ips?label_selector=x") == HcloudError::kUnauthorized);
}

TEST_CASE("an unknown code is refused, loud, with the code in the text [A14]") {
  const auto error = explain_answer(422, error_json("brand_new_code", "no"), kRequest);
  CHECK(error.kind == HcloudError::kRefused);
  CHECK_THAT(error.why, Contains("brand_new_code") && Contains("report it"));
}

TEST_CASE("an unknown code of a status that says enough goes by the status") {
  CHECK(explain_answer(409, error_json("new", ""), kRequest).kind == HcloudError::kConflict);
  CHECK(explain_answer(429, error_json("new", ""), kRequest).kind == HcloudError::kRateLimited);
  CHECK(explain_answer(507, error_json("new", ""), kRequest).kind == HcloudError::kServer);
}

TEST_CASE("balancers in front of the API answer in HTML, and only their status counts [A10]") {
  const std::string html = "<html><h1>secret-looking text</h1></html>";
  CHECK(explain_answer(500, html, kRequest).kind == HcloudError::kServer);
  CHECK(explain_answer(502, html, kRequest).kind == HcloudError::kServer);
  CHECK(explain_answer(503, "", kRequest).kind == HcloudError::kServer);
  CHECK(explain_answer(504, html, kRequest).kind == HcloudError::kTimeout);
  CHECK(explain_answer(429, html, kRequest).kind == HcloudError::kRateLimited);
  CHECK(explain_answer(401, html, kRequest).kind == HcloudError::kUnauthorized);
  CHECK_THAT(explain_answer(502, html, kRequest).why, !Contains("secret-looking"));
}

TEST_CASE("something else that answers at the endpoint is no word about our objects") {
  const auto status = GENERATE(301, 302, 404, 418);
  const auto error = explain_answer(status, "<html></html>", kRequest);
  CHECK(error.kind == HcloudError::kBadAnswer);
  CHECK_THAT(error.why, Contains("check the endpoint"));
}

TEST_CASE("an error body of the wrong shape is not Hetzner's") {
  const auto body = GENERATE(values<std::string>({R"({"error":"x"})", R"({"error":{}})",
                                                  R"({"error":{"code":5}})", "[]", "{}"}));
  CHECK(explain_answer(404, body, kRequest).kind == HcloudError::kBadAnswer);
}

TEST_CASE("fields that the API complains about are named") {
  const auto error = explain_answer(
      422,
      error_json("invalid_input", "invalid input in field 'server'",
                 R"({"fields":[{"name":"server","messages":["unknown"]},{"name":"x"},7]})"),
      kRequest);
  CHECK_THAT(error.why, Contains("fields server, x"));
}

TEST_CASE("what the API writes reaches the log as one short line") {
  const auto error =
      explain_answer(500, error_json("server_error", R"(a\nb\u001b[31m)" + std::string(5000, 'x')),
                     kRequest);
  CHECK_THAT(error.why, Contains("a?b?[31mxxx") && Contains("xxx...)"));
  CHECK(error.why.size() < 500);
}

TEST_CASE("what the connection did has its kind, by whether the request left [A10]") {
  const auto kind = [](absl::Status status, bool sent) {
    return explain_failure(status, sent, kRequest).kind;
  };
  CHECK(kind(absl::AbortedError("late"), false) == HcloudError::kNotSent);
  CHECK(kind(absl::UnavailableError("refused"), false) == HcloudError::kUnreachable);
  CHECK(kind(absl::UnauthenticatedError("certificate has expired"), false) ==
        HcloudError::kUnreachable);
  CHECK(kind(absl::DeadlineExceededError("answer"), true) == HcloudError::kTimeout);
  CHECK(kind(absl::DeadlineExceededError("connect"), false) == HcloudError::kTimeout);
  CHECK(kind(absl::DataLossError("truncated"), true) == HcloudError::kBadAnswer);
  CHECK(kind(absl::ResourceExhaustedError("too large"), true) == HcloudError::kBadAnswer);
  CHECK(kind(absl::InvalidArgumentError("malformed JSON"), true) == HcloudError::kBadAnswer);
  CHECK(kind(absl::InvalidArgumentError("torn PEM"), false) == HcloudError::kUnreachable);
  CHECK_THAT(explain_failure(absl::UnavailableError("reset"), true, kRequest).why,
             Contains(kRequest + ": reset; it may have been done"));
}

}  // namespace
}  // namespace vipd::hcloud
