#include "tools/vipctl/sans_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ip.h"
#include "base/url.h"

namespace vipd::vipctl {
namespace {

using base::Json;
using certsans::Judgement;
using certsans::Problem;
using certsans::Target;

std::string when_not_reached(const Target& target, const std::string& file) {
  const bool is_name = !base::IpAddress::parse(target.host).ok();
  if (is_name) return fmt::format("getent ahosts {}", target.host);
  if (target.is_stable) return fmt::format("vipctl fip list -f {}", file);
  // Its port may be closed to the rest of the world, and rightly.
  if (target.service == certsans::Service::kApid) {
    return fmt::format("vipctl sans check -f {} --nodes {} --only apiserver", file, target.host);
  }
  return fmt::format("talosctl -n {} containers -k", target.host);
}

std::string next_step(const certsans::Finding& finding, const Target& target,
                      const std::vector<certsans::Wanted>& wanted, const NextCommands& commands) {
  const std::string& file = commands.file;
  const std::string peer = base::host_and_port(target.host, target.port);
  switch (finding.problem) {
    case Problem::kMissing: {
      const bool rendered =
          std::any_of(wanted.begin(), wanted.end(),
                      [&](const certsans::Wanted& each) { return each.name == finding.name; });
      if (rendered) return commands.render;
      return fmt::format("add {} to endpoint.names in {}, then: {}", finding.name, file,
                         commands.render);
    }
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

Json findings_json(const JudgedServer& server, const std::vector<certsans::Wanted>& wanted,
                   const NextCommands& next) {
  Json findings = Json::array();
  for (const certsans::Finding& each : server.judged->findings) {
    findings.push_back({{"problem", certsans::text_of(each.problem)},
                        {"text", each.text},
                        {"next", next_step(each, server.target, wanted, next)}});
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
                 const NextCommands& next) {
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
      server["findings"] = findings_json(each, wanted, next);
      findings += each.judged->findings.size();
    } else {
      server["why"] = std::string(each.judged.status().message());
      server["next"] = when_not_reached(each.target, next.file);
      ++not_reached;
    }
    list.push_back(std::move(server));
  }
  return {{"version", kSansShape}, {"nodesFrom", nodes_from}, {"wanted", wanted_json(wanted)},
          {"servers", std::move(list)}, {"findings", findings}, {"notReached", not_reached}};
}

}  // namespace vipd::vipctl
