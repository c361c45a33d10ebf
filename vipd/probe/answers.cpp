#include "vipd/probe/answers.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/json.h"
#include "base/x509.h"

namespace vipd::probe {
namespace {

// A reason is for a log line; a server may have a hundred checks.
constexpr std::size_t kNamesTold = 8;

std::string first_of(std::vector<std::string> names) {
  const std::size_t all = names.size();
  names.resize(std::min(all, kNamesTold));
  return absl::StrCat(absl::StrJoin(names, ", "),
                      all > kNamesTold ? absl::StrCat(" and ", all - kNamesTold, " more") : "");
}

std::vector<std::string> failing_checks(const std::string& body) {
  std::vector<std::string> names;
  for (absl::string_view line : absl::StrSplit(body, '\n')) {
    if (!absl::ConsumePrefix(&line, "[-]")) continue;
    names.emplace_back(line.substr(0, line.find(' ')));
  }
  return names;
}

std::string with(const std::string& why, const std::string& problem) {
  return problem.empty() ? why : absl::StrCat(why, " (", problem, ")");
}

std::string status_text(int status, const std::string& problem) {
  const std::string why = absl::StrCat("kube-apiserver answered ", status);
  if (status != 401 && status != 403) return why;
  return with(absl::StrCat(why, ": it does not accept our client certificate"), problem);
}

const base::Json* ready_condition(const base::Json& node) {
  const base::Json::json_pointer conditions("/status/conditions");
  if (!node.contains(conditions) || !node.at(conditions).is_array()) return nullptr;
  for (const base::Json& condition : node.at(conditions)) {
    if (base::json_text(condition, "type") == "Ready") return &condition;
  }
  return nullptr;
}

bool is_shutting_down(const base::Json& ready) {
  return base::json_text(ready, "status") == "False" &&
         base::json_text(ready, "reason") == "KubeletNotReady" &&
         absl::StrContains(base::json_text(ready, "message").value_or(""),
                           "node is shutting down");
}

}  // namespace

core::ReadyzAnswer judge_readyz(const absl::StatusOr<base::HttpResponse>& answer,
                                const std::string& credentials_problem) {
  using Result = core::ReadyzAnswer::Result;
  core::ReadyzAnswer verdict;
  if (!answer.ok()) {
    const bool own_fault = absl::IsUnauthenticated(answer.status());
    verdict.why = with(std::string(answer.status().message()),
                       own_fault ? credentials_problem : std::string());
    return verdict;
  }
  verdict.http_status = answer->status;
  verdict.result = Result::kNotReady;
  if (answer->status == 200) {
    if (answer->body == "ok") {
      verdict.result = Result::kOk;
    } else {
      verdict.why = "200, but not the \"ok\" of kube-apiserver: something else answers there";
    }
    return verdict;
  }
  const auto names = failing_checks(answer->body);
  verdict.shutting_down = std::find(names.begin(), names.end(), "shutdown") != names.end();
  verdict.why = names.empty() ? status_text(answer->status, credentials_problem)
                              : absl::StrCat("failing: ", first_of(names));
  return verdict;
}

core::TlsAnswer judge_handshake(const absl::StatusOr<base::TlsHandshake>& answer) {
  core::TlsAnswer verdict;
  verdict.alive = answer.ok() || absl::IsUnauthenticated(answer.status());
  if (!verdict.alive) verdict.why = std::string(answer.status().message());
  return verdict;
}

core::CertificateSeen judge_certificate(const absl::StatusOr<base::TlsHandshake>& answer,
                                        const base::IpAddress& address) {
  core::CertificateSeen verdict;
  verdict.address = address;
  if (!answer.ok()) {
    verdict.why = std::string(answer.status().message());
    return verdict;
  }
  const auto certificate = base::read_certificate(answer->peer_chain_pem);
  if (!certificate.ok()) {
    verdict.why = std::string(certificate.status().message());
    return verdict;
  }
  verdict.shown = true;
  verdict.names_it = base::names(*certificate, address.text());
  if (!verdict.names_it) {
    std::vector<std::string> named = certificate->ip_addresses;
    named.insert(named.end(), certificate->dns_names.begin(), certificate->dns_names.end());
    verdict.why = absl::StrCat("the certificate names ", first_of(named), ", but not ",
                               address.text(), ": add it to cluster.apiServer.certSANs");
  }
  return verdict;
}

core::OwnNode judge_node(const absl::StatusOr<base::HttpResponse>& answer,
                         const std::string& credentials_problem) {
  core::OwnNode verdict;
  if (!answer.ok()) {
    verdict.why = with(std::string(answer.status().message()), credentials_problem);
    return verdict;
  }
  if (answer->status != 200) {
    verdict.why = status_text(answer->status, credentials_problem);
    return verdict;
  }
  const auto node = base::parse_json(answer->body);
  if (!node.ok() || base::json_text(*node, "kind") != "Node") {
    verdict.why = "what kube-apiserver sent is not a Node object";
    return verdict;
  }
  verdict.answered = true;
  const auto spec = node->find("spec");
  verdict.cordoned =
      spec != node->end() && base::json_bool(*spec, "unschedulable").value_or(false);
  const base::Json* ready = ready_condition(*node);
  verdict.shutting_down = ready != nullptr && is_shutting_down(*ready);
  if (verdict.cordoned) verdict.why = "the node is cordoned";
  if (verdict.shutting_down) verdict.why = "kubelet is shutting the node down";
  return verdict;
}

}  // namespace vipd::probe
