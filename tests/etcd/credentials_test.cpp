#include "vipd/etcd/credentials.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/etcd/harness.h"

namespace vipd::etcd {
namespace {

using core::EtcdFailed;
using core::EtcdSnapshot;
using core::EtcdWatchLost;
using core::KeyRead;

// As Talos does it: in place, so a reader may find the file empty or half.
void overwrite(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::trunc) << content;
}

bool mentions(const std::string& text, const std::string& what) {
  INFO(text);
  CHECK(text.find(what) != std::string::npos);
  return text.find(what) != std::string::npos;
}

TEST_CASE("a CA that did not sign etcd's certificate is named as the cause") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  const auto other = fakes::EtcdCluster::mint_other_ca();
  const TlsFiles files =
      cluster.write_files("wrong-ca", cluster.mint_client("vipd", 1h), other.certificate_pem);
  Harness etcd({cluster.endpoint(0)}, files);
  etcd.adapter.start();
  REQUIRE(etcd.run_until([&] {
    const auto lost = etcd.next<EtcdWatchLost>();
    return lost && lost->why.find(files.ca) != std::string::npos;
  }));
  const auto answer = etcd.ask<KeyRead>(read("x"));
  REQUIRE(std::holds_alternative<EtcdFailed>(answer));
  mentions(std::get<EtcdFailed>(answer).why, files.ca);
  mentions(std::get<EtcdFailed>(answer).why, "use the CA of this cluster's etcd");
}

TEST_CASE("a client certificate that etcd refuses is named as the likely cause") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  fakes::EtcdCluster other(1, /*running=*/false);
  const TlsFiles files = cluster.write_files("stranger", other.mint_client("vipd", 1h));
  Harness etcd({cluster.endpoint(0)}, files);
  etcd.adapter.start();
  REQUIRE(etcd.run_until([&] {
    const auto lost = etcd.next<EtcdWatchLost>();
    return lost && lost->why.find(files.certificate) != std::string::npos;
  }));
}

TEST_CASE("an expired client certificate is not even tried, and named") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  const TlsFiles files = cluster.write_files("expired", cluster.mint_client("vipd", -1h));
  Harness etcd({cluster.endpoint(0)}, files);
  etcd.adapter.start();
  const auto lost = etcd.next<EtcdWatchLost>();
  REQUIRE(lost);
  mentions(lost->why, files.certificate);
  mentions(lost->why, "expired");
  const auto answer = etcd.ask<KeyRead>(read("x"));
  REQUIRE(std::holds_alternative<EtcdFailed>(answer));
  CHECK_FALSE(std::get<EtcdFailed>(answer).unknown);
  mentions(std::get<EtcdFailed>(answer).why, "expired");
}

TEST_CASE("an expired CA is not even tried, and named; a good one is taken up", "[E19]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  const base::KeyPair client = cluster.mint_client("vipd", 1h);
  const auto expired = fakes::EtcdCluster::mint_other_ca(-1h);
  const TlsFiles files = cluster.write_files("old-ca", client, expired.certificate_pem);
  Harness etcd({cluster.endpoint(0)}, files);
  etcd.adapter.start();
  const auto lost = etcd.next<EtcdWatchLost>();
  REQUIRE(lost);
  mentions(lost->why, files.ca + " expired at ");
  const auto answer = etcd.ask<KeyRead>(read("x"));
  REQUIRE(std::holds_alternative<EtcdFailed>(answer));
  CHECK_FALSE(std::get<EtcdFailed>(answer).unknown);
  mentions(std::get<EtcdFailed>(answer).why, files.ca + " expired at ");
  cluster.write_files("old-ca", client);
  CHECK(etcd.next<EtcdSnapshot>());
  CHECK_FALSE(etcd.must<KeyRead>(read("x")).found);
}

TEST_CASE("an expired certificate of etcd's own is named as a cause, and waited for", "[E19]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  cluster.serve_with_certificate(-1h);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  const auto lost = etcd.next<EtcdWatchLost>();
  REQUIRE(lost);
  mentions(lost->why, cluster.endpoint(0));
  mentions(lost->why, "its certificate is expired, or not signed by " + cluster.files().ca);
  const auto answer = etcd.ask<KeyRead>(read("x"));
  REQUIRE(std::holds_alternative<EtcdFailed>(answer));
  mentions(std::get<EtcdFailed>(answer).why, "its certificate is expired");
  CHECK_FALSE(etcd.next<EtcdSnapshot>(100ms));
  cluster.serve_with_certificate(1h);
  CHECK(etcd.next<EtcdSnapshot>(30s));
  CHECK_FALSE(etcd.must<KeyRead>(read("x")).found);
}

TEST_CASE("missing files are waited for [E19]", "[E19]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  const std::string stem = cluster.folder() + "/later";
  const TlsFiles files{stem + "-ca.crt", stem + ".crt", stem + ".key"};
  Harness etcd({cluster.endpoint(0)}, files);
  etcd.adapter.start();
  const auto lost = etcd.next<EtcdWatchLost>();
  REQUIRE(lost);
  mentions(lost->why, files.ca);
  cluster.write_files("later", cluster.mint_client("vipd", 1h));
  CHECK(etcd.next<EtcdSnapshot>());
  CHECK_FALSE(etcd.must<KeyRead>(read("x")).found);
}

TEST_CASE("half-written files change nothing, whole ones are taken up") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  const TlsFiles files = cluster.write_files("rotating", cluster.mint_client("before", 1h));
  Harness etcd({cluster.endpoint(0)}, files);
  etcd.adapter.start();
  REQUIRE(etcd.next<EtcdSnapshot>());

  const base::KeyPair after = cluster.mint_client("after", 1h);
  SECTION("a new certificate beside the old key") {
    overwrite(files.certificate, after.certificate_pem);
  }
  SECTION("an empty certificate") { overwrite(files.certificate, ""); }
  SECTION("half a key") { overwrite(files.key, after.key_pem.reveal().substr(0, 60)); }
  SECTION("no CA") { std::filesystem::remove(files.ca); }
  CHECK_FALSE(etcd.next<EtcdWatchLost>(2500ms));
  CHECK_FALSE(etcd.must<KeyRead>(read("x")).found);
  cluster.write_files("rotating", after);
  CHECK(etcd.next<EtcdSnapshot>());
}

TEST_CASE("new requests and the watch move to new certificates") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  fakes::EtcdCluster other(1, /*running=*/false);
  const TlsFiles files = cluster.write_files("rotating", cluster.mint_client("before", 1h));
  Harness etcd({cluster.endpoint(0)}, files);
  etcd.adapter.start();
  REQUIRE(etcd.next<EtcdSnapshot>());
  const auto lease = etcd.must<core::LeaseGranted>(
      core::GrantLease{.call = 0, .ttl = 60s, .deadline = {}});
  const core::KeepLease keep{.call = 0, .lease = lease.lease, .deadline = {}};
  etcd.must<core::LeaseKept>(keep);

  cluster.write_files("rotating", cluster.mint_client("after", 1h));
  REQUIRE(etcd.next<EtcdSnapshot>());
  CHECK_FALSE(etcd.next<EtcdWatchLost>(100ms));
  etcd.must<core::LeaseKept>(keep);

  // Consistent, but a stranger's: that they fail now shows that they are in use.
  cluster.write_files("rotating", other.mint_client("stranger", 1h));
  REQUIRE(etcd.next<EtcdWatchLost>());
  CHECK(std::holds_alternative<EtcdFailed>(etcd.ask<KeyRead>(read("x"))));
  CHECK(std::holds_alternative<EtcdFailed>(etcd.ask<core::LeaseKept>(keep)));

  cluster.write_files("rotating", cluster.mint_client("again", 1h));
  REQUIRE(etcd.next<EtcdSnapshot>());
  etcd.must<core::LeaseKept>(keep);
}

}  // namespace
}  // namespace vipd::etcd
