#include "certsans/judgement.h"

#include "tests/catch.h"
#include "tests/certsans/pki.h"

namespace vipd::certsans {
namespace {

using Names = std::vector<std::string>;
using Problems = std::vector<Problem>;

struct Cluster {
  base::KeyPair ca = authority();
  Leaf leaf{.dns_names = {"kubernetes", "cp-1"}, .ip_addresses = {"203.0.113.10", "10.0.1.11"}};
  std::string chain_end;  // what the server sends after its leaf
  Expectations expected{.wanted = {{"203.0.113.10", Kind::kAddress, "the endpoint"}},
                        .node_names = {"10.0.1.11"},
                        .trust = {ca.certificate_pem, true},
                        .min_days = 30,
                        .now = kNow};

  [[nodiscard]] Judgement judged() const {
    return judged(minted(ca, leaf).certificate_pem + chain_end);
  }
  [[nodiscard]] Judgement judged(const std::string& pem) const {
    auto judgement = judge({.peer_chain_pem = pem, .tls_version = "TLSv1.3"}, expected);
    INFO(judgement.status().message());
    REQUIRE(judgement.ok());
    return *std::move(judgement);
  }
};

Problems problems(const Judgement& judgement) {
  Problems found;
  for (const Finding& each : judgement.findings) found.push_back(each.problem);
  return found;
}

TEST_CASE("a good certificate is described and gives no finding") {
  Cluster cluster;
  cluster.chain_end = cluster.ca.certificate_pem;
  const auto judged = cluster.judged();
  CHECK(judged.findings.empty());
  CHECK(judged.extra.empty());
  CHECK(judged.days_left == 355);
  CHECK(judged.tls_version == "TLSv1.3");
  CHECK(judged.verdict.kind == Verdict::Kind::kTrusted);
  REQUIRE(judged.chain.certificates.size() == 2);
  CHECK(judged.chain.certificates[0].subject == "CN=kube-apiserver");
  CHECK(judged.chain.certificates[0].issuer == "CN=kubernetes");
  CHECK(judged.chain.certificates[0].key == "ECDSA P-256");
  CHECK_FALSE(judged.chain.certificates[0].self_signed);
  CHECK(judged.chain.certificates[1].self_signed);
}

TEST_CASE("what is wanted and not named is missing, with its kind and why") {
  Cluster cluster;
  cluster.expected.wanted = {{"203.0.113.10", Kind::kAddress, "moved"},
                             {"203.0.113.11", Kind::kSpare, "in reserve"},
                             {"api.example.org", Kind::kPublicName, "declared"},
                             {"2001:db8::1", Kind::kAddress, "moved"}};
  auto judged = cluster.judged();
  CHECK(names_of(judged.missing) == Names{"203.0.113.11", "api.example.org", "2001:db8::1"});
  CHECK(problems(judged) == Problems(3, Problem::kMissing));
  CHECK(judged.findings.front().text == "does not name 203.0.113.11 (spare): in reserve");
  CHECK(judged.findings.front().name == "203.0.113.11");

  cluster.leaf.dns_names.push_back("*.example.org");
  cluster.leaf.ip_addresses = {"203.0.113.10", "203.0.113.11", "2001:db8::1"};
  judged = cluster.judged();
  CHECK(judged.missing.empty());
  CHECK(judged.extra.empty());  // the wildcard is wanted
}

TEST_CASE("Talos' own names and the nodes' are not extra; anything else is, and is no finding") {
  Cluster cluster;
  cluster.leaf.dns_names = {"kubernetes", "kubernetes.default", "kubernetes.default.svc",
                            "kubernetes.default.svc.cluster.local", "localhost", "cp-1",
                            "cp-1.nodes.example.org", "stranger.example.org", "*.example.net"};
  cluster.leaf.ip_addresses = {"203.0.113.10", "10.0.1.11", "10.96.0.1", "127.0.0.1", "::1",
                               "fd00:10::1", "100.101.1.1", "198.51.100.1", "198.51.100.9",
                               "2001:db8::9"};
  cluster.expected.node_names = {"198.51.100.1"};
  const auto judged = cluster.judged();
  CHECK(judged.extra ==
        Names{"stranger.example.org", "*.example.net", "198.51.100.9", "2001:db8::9"});
  CHECK(judged.findings.empty());
}

TEST_CASE("dates: the threshold, expired, not yet valid, to the second") {
  Cluster cluster;
  cluster.leaf.until = in_days(30);
  CHECK(problems(cluster.judged()).empty());
  cluster.leaf.until.seconds -= 1;
  CHECK(problems(cluster.judged()) == Problems{Problem::kExpiring});
  CHECK(cluster.judged().days_left == 29);
  cluster.expected.min_days = 29;
  CHECK(problems(cluster.judged()).empty());

  cluster.leaf.until = kNow;
  CHECK(problems(cluster.judged()) == Problems{Problem::kExpiring});
  CHECK(cluster.judged().days_left == 0);
  cluster.leaf.until.seconds -= 1;
  CHECK(problems(cluster.judged()) == Problems{Problem::kExpired});
  CHECK(cluster.judged().findings[0].text == "expired at 2027-01-15T07:59:59Z");
  CHECK(cluster.judged().days_left == -1);

  cluster.leaf.until = in_days(300);
  cluster.leaf.from = kNow;
  CHECK(problems(cluster.judged()).empty());
  cluster.leaf.from.seconds += 1;
  CHECK(problems(cluster.judged()) == Problems{Problem::kNotYetValid});
}

TEST_CASE("what Talos renews every day expires in the last quarter of its life only") {
  Cluster cluster;
  cluster.leaf.from = {kNow.seconds - 18 * 3600};
  cluster.leaf.until = {kNow.seconds + 6 * 3600};
  CHECK(problems(cluster.judged()).empty());
  CHECK(cluster.judged().days_left == 0);
  cluster.leaf.from.seconds -= 1;
  cluster.leaf.until.seconds -= 1;
  CHECK(problems(cluster.judged()) == Problems{Problem::kExpiring});
}

TEST_CASE("a chain verifies up to the given CA, or says why it does not") {
  Cluster cluster;
  cluster.expected.trust.ca_pem = authority().certificate_pem;  // of the same name
  auto judged = cluster.judged();
  CHECK(problems(judged) == Problems{Problem::kUntrusted});
  CHECK(judged.findings[0].text ==
        "does not verify: no CA that was given signed it (issuer CN=kubernetes)");

  cluster.expected.trust.ca_pem += cluster.ca.certificate_pem;
  CHECK(cluster.judged().verdict.kind == Verdict::Kind::kTrusted);

  cluster.expected.trust.ca_pem.clear();
  judged = cluster.judged();
  CHECK(judged.verdict.kind == Verdict::Kind::kUnjudged);
  CHECK(judged.verdict.why == "no CA was given");
  CHECK(judged.findings.empty());
}

TEST_CASE("a client's certificate does not verify at a server") {
  Cluster cluster;
  cluster.leaf.server = false;
  const auto judged = cluster.judged();
  CHECK(problems(judged) == Problems{Problem::kUntrusted});
  CHECK_THAT(judged.verdict.why, Catch::Matchers::Contains("purpose"));
}

TEST_CASE("a CA of another name refuses, unless the one that counts may not be there") {
  Cluster cluster;
  cluster.expected.trust.ca_pem = authority("talos").certificate_pem;
  CHECK(problems(cluster.judged()) == Problems{Problem::kUntrusted});
  for (const std::string& end : {std::string(), cluster.ca.certificate_pem}) {
    cluster.chain_end = end;
    CHECK(cluster.judged().verdict.why == "no CA that was given signed it");
  }
  cluster.expected.trust.complete = false;
  auto judged = cluster.judged();
  CHECK(judged.findings.empty());
  CHECK(judged.verdict.kind == Verdict::Kind::kUnjudged);
  // One of its name that did not sign it is there: that is no lack.
  cluster.expected.trust.ca_pem += authority().certificate_pem;
  CHECK(problems(cluster.judged()) == Problems{Problem::kUntrusted});
}

TEST_CASE("dates of the leaf are said once; those of its CA break the chain") {
  Cluster cluster;
  cluster.leaf.until = in_days(-1);
  auto judged = cluster.judged();
  CHECK(problems(judged) == Problems{Problem::kExpired});
  CHECK(judged.verdict.kind == Verdict::Kind::kTrusted);

  Cluster old;
  old.ca = authority("kubernetes", in_days(-1));
  old.expected.trust.ca_pem = old.ca.certificate_pem;
  judged = old.judged();
  CHECK(problems(judged) == Problems{Problem::kUntrusted});
  CHECK(judged.verdict.why == "certificate has expired");
}

TEST_CASE("a certificate that signed itself is no cluster's, with or without a CA") {
  Cluster cluster;
  cluster.expected.wanted.clear();
  CHECK(problems(cluster.judged(authority("somebody").certificate_pem)) ==
        Problems{Problem::kSelfSigned});
  cluster.expected.trust.ca_pem.clear();
  CHECK(problems(cluster.judged(authority("somebody").certificate_pem)) ==
        Problems{Problem::kSelfSigned});
}

TEST_CASE("a chain in which not each is signed by the next is found, though it may verify") {
  Cluster cluster;
  cluster.chain_end = authority("other").certificate_pem + cluster.ca.certificate_pem;
  const auto judged = cluster.judged();
  CHECK(problems(judged) == Problems{Problem::kWrongOrder});
  CHECK(judged.verdict.kind == Verdict::Kind::kTrusted);
  // The name alone does not make an issuer.
  cluster.chain_end = authority().certificate_pem;
  CHECK(problems(cluster.judged()) == Problems{Problem::kWrongOrder});
}

TEST_CASE("several problems are all said") {
  Cluster cluster;
  cluster.leaf.ip_addresses = {};
  cluster.leaf.until = in_days(-2);
  cluster.chain_end = authority("other").certificate_pem;
  cluster.expected.trust.ca_pem = authority("other").certificate_pem;
  CHECK(problems(cluster.judged()) ==
        Problems{Problem::kMissing, Problem::kExpired, Problem::kUntrusted, Problem::kWrongOrder});
}

TEST_CASE("what is no certificate is an error that says which text") {
  Cluster cluster;
  const std::string good = minted(cluster.ca, cluster.leaf).certificate_pem;
  for (const std::string& pem : {std::string(), std::string("junk"), good.substr(0, 200),
                                 good + good.substr(0, 200), good + "-----BEGIN CERTI"}) {
    INFO(pem);
    const auto judged = judge({.peer_chain_pem = pem, .tls_version = ""}, cluster.expected);
    REQUIRE(absl::IsInvalidArgument(judged.status()));
    CHECK_THAT(std::string(judged.status().message()),
               Catch::Matchers::Contains("what the server showed"));
  }
  cluster.expected.trust.ca_pem = "junk";
  const auto judged = judge({.peer_chain_pem = good, .tls_version = ""}, cluster.expected);
  REQUIRE(absl::IsInvalidArgument(judged.status()));
  CHECK_THAT(std::string(judged.status().message()), Catch::Matchers::Contains("the CA"));
}

TEST_CASE("each problem has a name of its own") {
  Names texts;
  for (const Problem each : {Problem::kMissing, Problem::kExpired, Problem::kNotYetValid,
                             Problem::kExpiring, Problem::kSelfSigned, Problem::kWrongOrder,
                             Problem::kUntrusted}) {
    texts.push_back(text_of(each));
  }
  CHECK(texts == Names{"missing", "expired", "not-yet-valid", "expiring", "self-signed",
                       "wrong-order", "untrusted"});
}

}  // namespace
}  // namespace vipd::certsans
