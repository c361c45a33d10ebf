#include "base/x509.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/openssl.h"
#include "tests/catch.h"

namespace vipd::base {
namespace {

constexpr WallTime kFrom{1'700'000'000};
constexpr WallTime kUntil{4'000'000'000};  // past 2050: written as GeneralizedTime

KeyPair ca() { return mint_ca("kubernetes", kFrom, kUntil).value(); }

MintRequest apiserver() {
  MintRequest request;
  request.common_name = "kube-apiserver";
  request.organizations = {"kube-master", "ops"};
  request.dns_names = {"api.example.org", "*.prod.example.org"};
  request.ip_addresses = {"203.0.113.10", "2001:0DB8::1"};
  request.server = true;
  request.not_before = kFrom;
  request.not_after = kUntil;
  return request;
}

Certificate read(const KeyPair& pair) { return read_certificate(pair.certificate_pem).value(); }

bool signed_by(const KeyPair& leaf, const KeyPair& issuer) {
  const auto certificate = certificate_from_pem(leaf.certificate_pem).value();
  const auto key = key_from_pem(issuer.key_pem).value();
  return X509_verify(certificate.get(), key.get()) == 1;
}

TEST_CASE("a minted certificate reads back as it was asked for") {
  const Certificate certificate = read(mint_certificate(ca(), apiserver()).value());
  CHECK(certificate.common_name == "kube-apiserver");
  CHECK(certificate.organizations == std::vector<std::string>{"kube-master", "ops"});
  CHECK(certificate.dns_names ==
        std::vector<std::string>{"api.example.org", "*.prod.example.org"});
  CHECK(certificate.ip_addresses == std::vector<std::string>{"203.0.113.10", "2001:db8::1"});
  CHECK(certificate.not_before == kFrom);
  CHECK(certificate.not_after == kUntil);
  CHECK(certificate.sha256.size() == 64);
}

TEST_CASE("a certificate is signed by its CA and by no other") {
  const KeyPair issuer = ca();
  const KeyPair leaf = mint_certificate(issuer, apiserver()).value();
  CHECK(signed_by(leaf, issuer));
  CHECK_FALSE(signed_by(leaf, ca()));
}

TEST_CASE("a CA may sign, a leaf may not, and only what was asked for is allowed") {
  const KeyPair issuer = ca();
  const auto authority = certificate_from_pem(issuer.certificate_pem).value();
  CHECK(X509_check_ca(authority.get()) == 1);

  MintRequest request = apiserver();
  request.server = false;
  request.client = true;
  const auto leaf =
      certificate_from_pem(mint_certificate(issuer, request).value().certificate_pem).value();
  CHECK(X509_check_ca(leaf.get()) == 0);
  CHECK((X509_get_extension_flags(leaf.get()) & EXFLAG_CA) == 0);
  CHECK(X509_check_purpose(leaf.get(), X509_PURPOSE_SSL_CLIENT, 0) == 1);
  CHECK(X509_check_purpose(leaf.get(), X509_PURPOSE_SSL_SERVER, 0) == 0);
}

TEST_CASE("a minted key carries the label that Talos writes") {
  const KeyPair leaf = mint_certificate(ca(), apiserver()).value();
  CHECK(leaf.key_pem.reveal().rfind("-----BEGIN EC PRIVATE KEY-----", 0) == 0);
}

TEST_CASE("a certificate is asked for exactly the name a client dials", "[E9]") {
  Certificate certificate;
  certificate.common_name = "203.0.113.9";
  certificate.dns_names = {"api.example.org", "*.prod.example.org"};
  certificate.ip_addresses = {"203.0.113.10", "2001:db8::1"};

  CHECK(names(certificate, "203.0.113.10"));
  CHECK(names(certificate, "2001:0db8:0::1"));
  CHECK_FALSE(names(certificate, "203.0.113.1"));
  CHECK_FALSE(names(certificate, "203.0.113.9"));  // a common name never counts

  CHECK(names(certificate, "API.example.org"));
  CHECK(names(certificate, "api.example.org."));
  CHECK_FALSE(names(certificate, "xapi.example.org"));
  CHECK_FALSE(names(certificate, "example.org"));
}

TEST_CASE("a wildcard stands for one label") {
  Certificate certificate;
  certificate.dns_names = {"*.prod.example.org"};
  CHECK(names(certificate, "a.prod.example.org"));
  CHECK_FALSE(names(certificate, "a.b.prod.example.org"));
  CHECK_FALSE(names(certificate, "prod.example.org"));
  CHECK_FALSE(names(certificate, ".prod.example.org"));
}

TEST_CASE("an address in the DNS names is not an address") {
  Certificate certificate;
  certificate.dns_names = {"203.0.113.10"};
  CHECK_FALSE(names(certificate, "203.0.113.10"));
}

TEST_CASE("a key is told from another's, as while files are being rewritten") {
  const KeyPair issuer = ca();
  const KeyPair one = mint_certificate(issuer, apiserver()).value();
  const KeyPair other = mint_certificate(issuer, apiserver()).value();
  CHECK(check_key_pair(one.certificate_pem, one.key_pem).ok());
  CHECK_FALSE(check_key_pair(one.certificate_pem, other.key_pem).ok());
  CHECK(one.certificate_pem != other.certificate_pem);
}

TEST_CASE("torn, empty and foreign files are errors, never crashes") {
  const KeyPair whole = mint_certificate(ca(), apiserver()).value();
  const std::string_view key = whole.key_pem.reveal();
  for (const std::string_view pem :
       {std::string_view(), std::string_view(""), std::string_view("hello"),
        std::string_view(whole.certificate_pem).substr(0, 200), key}) {
    CHECK_FALSE(read_certificate(pem).ok());
  }
  CHECK_FALSE(check_key_pair(whole.certificate_pem, Secret()).ok());
  const auto torn = check_key_pair(whole.certificate_pem, Secret(std::string(key.substr(0, 90))));
  CHECK_FALSE(torn.ok());
  CHECK(torn.ToString().find(std::string(key.substr(32, 10))) == std::string::npos);
}

TEST_CASE("an encrypted key is refused without asking the terminal") {
  const PkeyPtr key(EVP_EC_gen("P-256"));
  const BioPtr bio(BIO_new(BIO_s_mem()));
  const char pass_phrase[] = "abc";
  REQUIRE(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), EVP_aes_128_cbc(), pass_phrase, 3,
                                        nullptr, nullptr) == 1);
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &data));
  CHECK_FALSE(key_from_pem(Secret(std::string(data, size))).ok());
}

TEST_CASE("only a real CA mints, and only for real addresses") {
  const KeyPair one = ca();
  const KeyPair other = ca();
  CHECK_FALSE(mint_certificate({one.certificate_pem, other.key_pem}, apiserver()).ok());
  MintRequest request = apiserver();
  request.ip_addresses = {"203.0.113.300"};
  CHECK_FALSE(mint_certificate(one, request).ok());
}

}  // namespace
}  // namespace vipd::base
