#include "vipd/probe/credentials.h"

#include "tests/probe/fixture.h"

namespace vipd::probe {
namespace {

void write_pair(const Folder& folder, const base::KeyPair& pair) {
  folder.write("client.crt", pair.certificate_pem);
  folder.write("client.key", pair.key_pem.reveal());
}

TEST_CASE("whole files are used, and new ones as soon as they are there") {
  const Folder folder;
  const Authority authority;
  const auto first = authority.client("first");
  const auto second = authority.client("second");
  folder.write("ca.crt", authority.pem());
  write_pair(folder, first);
  Credentials credentials(files_in(folder));
  CHECK(credentials.refresh().cert_pem == first.certificate_pem);
  CHECK(credentials.refresh().ca_pem == authority.pem());
  CHECK(credentials.problem().empty());
  write_pair(folder, second);
  CHECK(credentials.refresh().cert_pem == second.certificate_pem);
  CHECK(credentials.refresh().key_pem == second.key_pem);
}

TEST_CASE("a torn file or an unfitting key leaves the last good set in use") {
  const Folder folder;
  const Authority authority;
  const auto first = authority.client("first");
  const auto second = authority.client("second");
  folder.write("ca.crt", authority.pem());
  write_pair(folder, first);
  Credentials credentials(files_in(folder));
  credentials.refresh();

  folder.write("client.crt", second.certificate_pem);  // the key is still the first one's
  CHECK(credentials.refresh().cert_pem == first.certificate_pem);
  CHECK(credentials.problem().find("the old one is in use") != std::string::npos);
  folder.write("client.crt", second.certificate_pem.substr(0, 200));
  CHECK(credentials.refresh().cert_pem == first.certificate_pem);
  folder.write("ca.crt", authority.pem().substr(0, 100));
  CHECK(credentials.refresh().ca_pem == authority.pem());
  CHECK(credentials.problem().find("CA: ") != std::string::npos);

  folder.write("ca.crt", authority.pem());
  write_pair(folder, second);
  CHECK(credentials.refresh().cert_pem == second.certificate_pem);
  CHECK(credentials.problem().empty());
}

TEST_CASE("without a client certificate it works on, and says so") {
  const Folder folder;
  const Authority authority;
  folder.write("ca.crt", authority.pem());
  Credentials missing(files_in(folder));
  CHECK(missing.refresh().cert_pem.empty());
  CHECK(missing.refresh().ca_pem == authority.pem());
  CHECK(missing.problem().find("client.crt") != std::string::npos);
  Credentials none({.ca_file = folder.file("ca.crt"), .cert_file = "", .key_file = ""});
  none.refresh();
  CHECK(none.problem() == "no client certificate is configured");
}

TEST_CASE("a problem never quotes a key") {
  const Folder folder;
  const Authority authority;
  const auto pair = authority.client("first");
  folder.write("ca.crt", authority.pem());
  folder.write("client.crt", pair.certificate_pem);
  folder.write("client.key", pair.key_pem.reveal().substr(0, 120));
  Credentials credentials(files_in(folder));
  credentials.refresh();
  CHECK_FALSE(credentials.problem().empty());
  CHECK(credentials.problem().find(pair.key_pem.reveal().substr(40, 20)) == std::string::npos);
}

}  // namespace
}  // namespace vipd::probe
