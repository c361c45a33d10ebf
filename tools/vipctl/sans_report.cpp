#include "tools/vipctl/sans_report.h"

#include <fmt/format.h>

#include "absl/strings/str_join.h"
#include "base/table.h"
#include "base/url.h"

namespace vipd::vipctl {
namespace {

using base::Json;
using base::printable;
using certsans::Judgement;
using certsans::Problem;
using certsans::Target;

std::string when_not_reached(const Target& target, const std::string& file) {
  if (target.is_stable) return fmt::format("vipctl fip list -f {}", file);
  if (target.service == certsans::Service::kApid) {
    return fmt::format("vipctl sans check -f {} --only apiserver, where a firewall closes {}", file,
                       target.port);
  }
  return fmt::format("talosctl -n {} containers -k", target.host);
}

std::string next_step(Problem problem, const Target& target, const std::string& file) {
  const std::string peer = base::host_and_port(target.host, target.port);
  switch (problem) {
    case Problem::kMissing:
      return fmt::format("vipctl sans render -f {}", file);
    case Problem::kExpired:
    case Problem::kExpiring:
      return target.is_stable ? fmt::format("vipctl sans check -f {} --nodes A,B,C", file)
                              : fmt::format("talosctl -n {} logs controller-runtime", target.host);
    case Problem::kNotYetValid:
      return target.is_stable ? "date -u" : fmt::format("talosctl -n {} time", target.host);
    case Problem::kSelfSigned:
    case Problem::kWrongOrder:
    case Problem::kUntrusted:
      return fmt::format("openssl s_client -connect {} -showcerts", peer);
  }
  return "";
}

std::string verdict_text(const certsans::Verdict& verdict) {
  switch (verdict.kind) {
    case certsans::Verdict::Kind::kTrusted: return "verified";
    case certsans::Verdict::Kind::kUntrusted: return "refused";
    case certsans::Verdict::Kind::kUnjudged: return "not judged";
  }
  return "";
}

Json findings_json(const Judgement& judged, const Target& target, const std::string& file) {
  Json findings = Json::array();
  for (const certsans::Finding& each : judged.findings) {
    findings.push_back({{"problem", certsans::text_of(each.problem)},
                        {"text", each.text},
                        {"next", next_step(each.problem, target, file)}});
  }
  return findings;
}

void describe(const Judgement& judged, Json& server) {
  const certsans::ShownCertificate& leaf = judged.chain.certificates.front();
  std::vector<std::string> names = leaf.read.dns_names;
  names.insert(names.end(), leaf.read.ip_addresses.begin(), leaf.read.ip_addresses.end());
  Json chain = Json::array();
  for (const auto& each : judged.chain.certificates) {
    chain.push_back({{"subject", each.subject},
                     {"issuer", each.issuer},
                     {"notAfter", base::rfc3339(each.read.not_after)},
                     {"sha256", each.read.sha256}});
  }
  server["tlsVersion"] = judged.tls_version;
  server["subject"] = leaf.subject;
  server["issuer"] = leaf.issuer;
  server["key"] = leaf.key;
  server["names"] = names;
  server["notBefore"] = base::rfc3339(leaf.read.not_before);
  server["notAfter"] = base::rfc3339(leaf.read.not_after);
  server["daysLeft"] = judged.days_left;
  server["chain"] = std::move(chain);
  server["inOrder"] = judged.chain.in_order;
  server["verified"] = verdict_text(judged.verdict);
  server["verifiedWhy"] = judged.verdict.why;
  server["missing"] = wanted_json(judged.missing);
  server["extra"] = judged.extra;
}

base::Row row_of(const Json& server) {
  const std::string what = std::string(server["stable"] == true ? "stable " : "") +
                           server["service"].get<std::string>();
  if (server["reached"] == false) {
    return {printable(server["server"]), what, "-", "-", "-", "-", "-", "not reached"};
  }
  std::vector<std::string> problems;
  for (const Json& each : server["findings"]) {
    const std::string problem = each["problem"];
    if (problems.empty() || problems.back() != problem) problems.push_back(problem);
  }
  return {printable(server["server"]), what, server["tlsVersion"], printable(server["key"]),
          printable(server["issuer"]), server["daysLeft"].dump(), server["verified"],
          problems.empty() ? "-" : absl::StrJoin(problems, ", ")};
}

std::string lines_of(const Json& server) {
  const std::string who = fmt::format("{} {}", printable(server["server"]),
                                      server["service"].get<std::string>());
  if (server["reached"] == false) {
    return fmt::format("{}: {}\n  next: {}\n", who, printable(server["why"]),
                       printable(server["next"]));
  }
  std::string text;
  for (const Json& each : server["findings"]) {
    text += fmt::format("{} {}\n  next: {}\n", who, printable(each["text"]),
                        printable(each["next"]));
  }
  const auto extra = server["extra"].get<std::vector<std::string>>();
  if (extra.empty()) return text;
  return text + fmt::format("{} names besides, which is no fault: {}\n", who,
                            printable(absl::StrJoin(extra, ", ")));
}

}  // namespace

Json wanted_json(const std::vector<certsans::Wanted>& wanted) {
  Json list = Json::array();
  for (const certsans::Wanted& each : wanted) {
    list.push_back(
        {{"name", each.name}, {"kind", certsans::text_of(each.kind)}, {"why", each.why}});
  }
  return list;
}

Json sans_report(const std::vector<certsans::Wanted>& wanted,
                 const std::vector<JudgedServer>& servers, const std::string& nodes_from,
                 const std::string& file) {
  Json list = Json::array();
  std::size_t findings = 0;
  std::size_t not_reached = 0;
  for (const JudgedServer& each : servers) {
    Json server = {{"server", base::host_and_port(each.target.host, each.target.port)},
                   {"service", certsans::text_of(each.target.service)},
                   {"stable", each.target.is_stable},
                   {"reached", each.judged.ok()}};
    if (each.judged.ok()) {
      describe(*each.judged, server);
      server["findings"] = findings_json(*each.judged, each.target, file);
      findings += each.judged->findings.size();
    } else {
      server["why"] = std::string(each.judged.status().message());
      server["next"] = when_not_reached(each.target, file);
      ++not_reached;
    }
    list.push_back(std::move(server));
  }
  return {{"version", kSansShape}, {"nodesFrom", nodes_from}, {"wanted", wanted_json(wanted)},
          {"servers", std::move(list)}, {"findings", findings}, {"notReached", not_reached}};
}

std::string sans_text(const Json& report) {
  std::vector<base::Row> rows = {
      {"SERVER", "WHAT", "TLS", "KEY", "ISSUER", "DAYS", "CHAIN", "FINDINGS"}};
  std::string lines;
  for (const Json& server : report["servers"]) {
    rows.push_back(row_of(server));
    lines += lines_of(server);
  }
  const auto count = [](const Json& number, const char* one, const char* many) {
    return number == 1 ? std::string(one) : fmt::format("{} {}", number.dump(), many);
  };
  return base::table(rows) + "\n" + lines +
         fmt::format("{}, {}; nodes: {}\n", count(report["findings"], "1 finding", "findings"),
                     count(report["notReached"], "1 server not reached", "servers not reached"),
                     printable(report["nodesFrom"]));
}

}  // namespace vipd::vipctl
