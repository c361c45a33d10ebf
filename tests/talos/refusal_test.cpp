// What a person reads of a failure.
#include "talos/refusal.h"

#include <string>

#include "tests/catch.h"

namespace vipd::talos {
namespace {

using Catch::Contains;

const Identity kReaderOnly{"prod", {"os:reader"}, {0}, {2'000'000'000}};
const Question kAsked{{"Kubeconfig", Needs::kAdmin}, "10.0.0.4", "10.0.0.2:50000"};

std::string said(const Question& question, absl::StatusCode code, const std::string& text,
                 const Identity& identity = kReaderOnly) {
  const absl::Status status = refusal(question, identity, code, text);
  CHECK(status.code() == code);
  return std::string(status.message());
}

}  // namespace

TEST_CASE("A refusal names call, node, endpoint, the role that is missing and those held") {
  CHECK_THAT(said(kAsked, absl::StatusCode::kPermissionDenied, "not authorized"),
             Contains("Kubeconfig on 10.0.0.4 through 10.0.0.2:50000: not authorized") &&
                 Contains("needs the role os:admin") && Contains("\"prod\" has os:reader"));
  const Question status{{"EtcdStatus", Needs::kEtcdReader}, "", "10.0.0.2:50000"};
  CHECK_THAT(said(status, absl::StatusCode::kPermissionDenied, "not authorized",
                  {"prod", {}, {0}, {0}}),
             Contains("EtcdStatus at 10.0.0.2:50000") && Contains("has none") &&
                 Contains("os:etcd:backup"));
}

TEST_CASE("A role that should do is not asked for again") {
  CHECK_THAT(said(kAsked, absl::StatusCode::kPermissionDenied, "not authorized",
                  {"prod", {"os:admin"}, {0}, {0}}),
             !Contains("needs the role") && Contains("should be enough"));
}

TEST_CASE("A worker that passes nothing on is told from a role that is missing") {
  CHECK_THAT(said(kAsked, absl::StatusCode::kPermissionDenied, "no request forwarding"),
             Contains("10.0.0.2:50000 is a worker") && !Contains("role"));
}

TEST_CASE("A node behind the endpoint that is down is told from an endpoint that is down") {
  const std::string text = "connection error: desc = \"transport: Error while dialing: dial tcp "
                           "10.0.0.4:50000: connect: connection refused\"";
  CHECK_FALSE(never_connected(absl::StatusCode::kUnavailable, text));
  CHECK_THAT(said(kAsked, absl::StatusCode::kUnavailable, text),
             Contains("did not reach 10.0.0.4"));
}

TEST_CASE("What a node says is shown on one line, without control characters, and cut") {
  const std::string message = said(kAsked, absl::StatusCode::kInternal,
                                   "a\nb\x1b[31m\x7f" + std::string(100'000, 'x'));
  CHECK(message.size() < 1000);
  CHECK_THAT(message, Contains("a b [31m ") && !Contains("\n") && !Contains("\x1b"));
}

TEST_CASE("A certificate is refused before its time and after it, with the time") {
  const Identity identity{"prod", {}, {1'700'000'000}, {1'800'000'000}};
  CHECK(check_validity(identity, {1'750'000'000}).ok());
  CHECK(check_validity(identity, {1'800'000'000}).ok());
  CHECK_THAT(std::string(check_validity(identity, {1'800'000'001}).message()),
             Contains("expired at 2027-01-15T08:00:00Z"));
  CHECK_THAT(std::string(check_validity(identity, {1'699'999'999}).message()),
             Contains("not valid before 2023-11-14T22:13:20Z"));
}

}  // namespace vipd::talos
