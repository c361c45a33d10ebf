#include "certsans/judgement.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ip.h"

namespace vipd::certsans {
namespace {

constexpr std::int64_t kDay = 24 * 3600;

std::string first_label(const std::string& name) { return name.substr(0, name.find('.')); }

// Talos' own and those of nodes.
class Own {
 public:
  Own(const base::Certificate& leaf, const std::vector<std::string>& node_names)
      : node_names_(node_names) {
    for (const std::string& name : leaf.dns_names) {
      if (name.find('.') == std::string::npos) labels_.push_back(name);
    }
  }

  // A name without a dot is a host's or "kubernetes"; one that goes on after it is the same host
  // with its domain, or the service in its namespace.
  [[nodiscard]] bool has(const std::string& name) const {
    const auto equals = [&](const std::string& other) { return other == name; };
    if (std::any_of(node_names_.begin(), node_names_.end(), equals)) return true;
    if (const auto address = base::IpAddress::parse(name); address.ok()) return is_local(*address);
    const std::string label = first_label(name);
    return std::find(labels_.begin(), labels_.end(), label) != labels_.end();
  }

 private:
  // Loopback, link-local, private: of a node or of the service network.
  static bool is_local(const base::IpAddress& address) {
    for (const char* prefix : {"127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"}) {
      if (base::IpPrefix::parse(prefix)->contains(address)) return true;
    }
    return kind_of(address.text()) != Kind::kAddress;
  }
  const std::vector<std::string>& node_names_;
  std::vector<std::string> labels_;
};

class Judge {
 public:
  Judge(Chain chain, const Expectations& expected) : expected_(expected) {
    judgement_.chain = std::move(chain);
  }

  Judgement judge(Verdict verdict, std::string tls_version) {
    judgement_.tls_version = std::move(tls_version);
    judgement_.verdict = std::move(verdict);
    names();
    dates();
    signatures();
    return std::move(judgement_);
  }

 private:
  [[nodiscard]] const ShownCertificate& leaf() const {
    return judgement_.chain.certificates.front();
  }
  void find(Problem problem, std::string text, std::string name = "") {
    judgement_.findings.push_back({problem, std::move(text), std::move(name)});
  }

  void names() {
    for (const Wanted& each : expected_.wanted) {
      if (base::names(leaf().read, each.name)) continue;
      judgement_.missing.push_back(each);
      find(Problem::kMissing,
           fmt::format("does not name {} ({}): {}", each.name, text_of(each.kind), each.why),
           each.name);
    }
    const Own own(leaf().read, expected_.node_names);
    std::vector<std::string> shown = leaf().read.dns_names;
    shown.insert(shown.end(), leaf().read.ip_addresses.begin(), leaf().read.ip_addresses.end());
    for (const std::string& name : shown) {
      if (!is_wanted(name) && !own.has(name)) judgement_.extra.push_back(name);
    }
  }

  // A wildcard is wanted where a wanted name needs it.
  [[nodiscard]] bool is_wanted(const std::string& name) const {
    base::Certificate alone;
    (base::IpAddress::parse(name).ok() ? alone.ip_addresses : alone.dns_names) = {name};
    return std::any_of(expected_.wanted.begin(), expected_.wanted.end(),
                       [&](const Wanted& each) { return base::names(alone, each.name); });
  }

  void dates() {
    const std::int64_t from = leaf().read.not_before.seconds;
    const std::int64_t until = leaf().read.not_after.seconds;
    const std::int64_t left = until - expected_.now.seconds;
    const std::int64_t few = std::int64_t{expected_.min_days} * kDay;
    const std::int64_t life = until - from;
    judgement_.days_left = left >= 0 ? left / kDay : -((-left + kDay - 1) / kDay);
    const std::string at = base::rfc3339(leaf().read.not_after);
    if (left < 0) {
      find(Problem::kExpired, fmt::format("expired at {}", at));
    } else if (expected_.now.seconds < from) {
      find(Problem::kNotYetValid,
           fmt::format("is not valid before {}, and here it is {}: is a clock wrong?",
                       base::rfc3339(leaf().read.not_before), base::rfc3339(expected_.now)));
    } else if (left < (life < few ? life / 4 : few)) {
      find(Problem::kExpiring, fmt::format("expires at {}", at));
    }
  }

  void signatures() {
    if (leaf().self_signed) {
      find(Problem::kSelfSigned, "is signed by itself, by no CA of the cluster");
    } else if (judgement_.verdict.kind == Verdict::Kind::kUntrusted) {
      find(Problem::kUntrusted,
           fmt::format("does not verify: {} (issuer {})", judgement_.verdict.why, leaf().issuer));
    }
    if (!judgement_.chain.in_order) {
      find(Problem::kWrongOrder, "comes with a chain in which not each is signed by the next");
    }
  }

  const Expectations& expected_;
  Judgement judgement_;
};

}  // namespace

absl::StatusOr<Judgement> judge(const base::TlsHandshake& shown, const Expectations& expected) {
  auto chain = read_chain(shown.peer_chain_pem, "what the server showed");
  if (!chain.ok()) return chain.status();
  auto verdict = verify(shown.peer_chain_pem, expected.trust, expected.now);
  if (!verdict.ok()) return verdict.status();
  return Judge(*std::move(chain), expected).judge(*std::move(verdict), shown.tls_version);
}

std::string text_of(Problem problem) {
  switch (problem) {
    case Problem::kMissing: return "missing";
    case Problem::kExpired: return "expired";
    case Problem::kNotYetValid: return "not-yet-valid";
    case Problem::kExpiring: return "expiring";
    case Problem::kSelfSigned: return "self-signed";
    case Problem::kWrongOrder: return "wrong-order";
    case Problem::kUntrusted: return "untrusted";
  }
  return "";
}

}  // namespace vipd::certsans
