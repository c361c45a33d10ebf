#include "vipd/probe/answers.h"

#include "base/x509.h"
#include "tests/catch.h"

namespace vipd::probe {
namespace {

using Result = core::ReadyzAnswer::Result;

base::HttpResponse answered(int status, std::string body) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

// The form of k8s.io/apiserver's answer, healthz.go; the names are Kubernetes 1.3x's.
const std::string kStopping =
    "[+]ping ok\n[+]log ok\n[+]etcd ok\n[-]etcd-readiness failed: reason withheld\n"
    "[+]poststarthook/start-apiextensions-controllers ok\n"
    "[-]shutdown failed: reason withheld\nreadyz check failed\n";

TEST_CASE("only 200 with ok is ready", "[E8]") {
  CHECK(judge_readyz(answered(200, "ok"), "").result == Result::kOk);
  CHECK(judge_readyz(answered(200, "ok"), "").why.empty());
  CHECK(judge_readyz(answered(200, "<html>"), "").result == Result::kNotReady);
  CHECK(judge_readyz(answered(500, "ok"), "").result == Result::kNotReady);
  CHECK(judge_readyz(answered(302, ""), "").result == Result::kNotReady);
}

TEST_CASE("the failing checks are named, and shutdown is told apart", "[E8]") {
  const auto stopping = judge_readyz(answered(500, kStopping), "");
  CHECK(stopping.result == Result::kNotReady);
  CHECK(stopping.http_status == 500);
  CHECK(stopping.shutting_down);
  CHECK(stopping.why == "failing: etcd-readiness, shutdown");
  const auto etcd = judge_readyz(answered(500, "[-]etcd failed: reason withheld\n"), "");
  CHECK_FALSE(etcd.shutting_down);
  CHECK(etcd.why == "failing: etcd");
  const auto alike = judge_readyz(answered(500, "[+]shutdown ok\n[-]shutdown-x failed\n"), "");
  CHECK_FALSE(alike.shutting_down);
}

TEST_CASE("a hundred failing checks make a short reason") {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "[-]check" + std::to_string(i) + " failed\n";
  const auto verdict = judge_readyz(answered(500, body), "");
  CHECK(verdict.why.size() < 200);
  CHECK(verdict.why.find("and 92 more") != std::string::npos);
}

TEST_CASE("401 means alive but not ready, and says which credential is missing") {
  const auto verdict = judge_readyz(answered(401, "Unauthorized"), "no client certificate");
  CHECK(verdict.result == Result::kNotReady);
  CHECK(verdict.http_status == 401);
  CHECK(verdict.why.find("no client certificate") != std::string::npos);
}

TEST_CASE("no answer is told with its reason") {
  const auto verdict = judge_readyz(absl::UnavailableError("refused"), "no client certificate");
  CHECK(verdict.result == Result::kNoAnswer);
  CHECK(verdict.http_status == 0);
  CHECK(verdict.why == "refused");
  const auto distrusted = judge_readyz(absl::UnauthenticatedError("bad CA"), "CA: torn");
  CHECK(distrusted.result == Result::kNoAnswer);
  CHECK(distrusted.why == "bad CA (CA: torn)");
}

TEST_CASE("a TLS alert is life, another protocol and silence are not") {
  CHECK(judge_handshake(base::TlsHandshake{}).alive);
  CHECK(judge_handshake(absl::UnauthenticatedError("alert")).alive);
  CHECK_FALSE(judge_handshake(absl::DataLossError("not TLS")).alive);
  CHECK_FALSE(judge_handshake(absl::UnavailableError("refused")).alive);
  CHECK(judge_handshake(absl::DeadlineExceededError("late")).why == "late");
}

TEST_CASE("a certificate either names the address or the reason says what it names", "[E9]") {
  const base::WallTime now{1'700'000'000};
  const auto ca = base::mint_ca("ca", now, {now.seconds + 1000}).value();
  base::MintRequest request{.common_name = "kube-apiserver",
                            .organizations = {},
                            .dns_names = {"kubernetes"},
                            .ip_addresses = {"10.0.1.2", "5.75.1.2"},
                            .server = true,
                            .client = false,
                            .not_before = now,
                            .not_after = {now.seconds + 1000}};
  const base::TlsHandshake shown{
      .peer_chain_pem = base::mint_certificate(ca, request).value().certificate_pem,
      .tls_version = "TLSv1.3"};
  const auto named = base::IpAddress::parse("5.75.1.2").value();
  const auto other = base::IpAddress::parse("5.75.1.3").value();
  CHECK(judge_certificate(shown, named).names_it);
  CHECK(judge_certificate(shown, named).address == named);
  const auto missing = judge_certificate(shown, other);
  CHECK_FALSE(missing.names_it);
  CHECK(missing.why ==
        "the certificate names 10.0.1.2, 5.75.1.2, kubernetes, but not 5.75.1.3: add it to "
        "cluster.apiServer.certSANs");
  CHECK_FALSE(judge_certificate(absl::UnavailableError("refused"), named).names_it);
  CHECK_FALSE(judge_certificate(base::TlsHandshake{}, named).names_it);
  CHECK(judge_certificate(shown, other).shown);
  CHECK_FALSE(judge_certificate(absl::UnavailableError("refused"), named).shown);
}

std::string node(const std::string& spec, const std::string& condition) {
  return R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"cp-1"},"spec":)" + spec +
         R"(,"status":{"conditions":[{"type":"MemoryPressure","status":"False"},)" + condition +
         "]}}";
}

std::string ready(const std::string& status, const std::string& reason,
                  const std::string& message) {
  return R"({"type":"Ready","status":")" + status + R"(","reason":")" + reason +
         R"(","message":")" + message + R"("})";
}

const std::string kReady = ready("True", "KubeletReady", "kubelet is posting ready status");
const std::string kShuttingDown = ready("False", "KubeletNotReady", "node is shutting down");
const std::string kNoNetwork = ready("False", "KubeletNotReady", "cni plugin not initialized");

TEST_CASE("a node is cordoned, shutting down, or simply there", "[E18]") {
  const auto healthy = judge_node(answered(200, node("{}", kReady)), "");
  CHECK(healthy.answered);
  CHECK_FALSE(healthy.cordoned);
  CHECK_FALSE(healthy.shutting_down);
  CHECK(judge_node(answered(200, node(R"({"unschedulable":true})", kReady)), "").cordoned);
  CHECK_FALSE(judge_node(answered(200, node(R"({"unschedulable":false})", kReady)), "").cordoned);
  CHECK(judge_node(answered(200, node("{}", kShuttingDown)), "").shutting_down);
  for (const auto& [status, reason] : {std::pair{"True", "KubeletNotReady"},
                                       std::pair{"Unknown", "KubeletNotReady"},
                                       std::pair{"False", "SomethingElse"}}) {
    const auto other = node("{}", ready(status, reason, "node is shutting down"));
    CHECK_FALSE(judge_node(answered(200, other), "").shutting_down);
  }
  const auto unready = judge_node(answered(200, node("{}", kNoNetwork)), "");
  CHECK(unready.answered);
  CHECK_FALSE(unready.shutting_down);
}

TEST_CASE("what is no Node object is no answer, however it is bent", "[E18]") {
  CHECK_FALSE(judge_node(answered(200, "{"), "").answered);
  CHECK_FALSE(judge_node(answered(200, "[]"), "").answered);
  CHECK_FALSE(judge_node(answered(200, R"({"kind":"Status"})"), "").answered);
  CHECK_FALSE(judge_node(answered(404, node("{}", kReady)), "").answered);
  CHECK_FALSE(judge_node(absl::DeadlineExceededError("late"), "").answered);
  CHECK(judge_node(answered(200, R"({"kind":"Node"})"), "").answered);
  CHECK(judge_node(answered(200, R"({"kind":"Node","spec":[],"status":[]})"), "").answered);
  CHECK(judge_node(answered(200, R"({"kind":"Node","spec":3,"status":{"conditions":{}}})"), "")
            .answered);
  CHECK(judge_node(answered(200, R"({"kind":"Node","status":{"conditions":[1,{}]}})"), "")
            .answered);
  CHECK(judge_node(answered(403, ""), "no client certificate").why.find("no client certificate") !=
        std::string::npos);
}

}  // namespace
}  // namespace vipd::probe
