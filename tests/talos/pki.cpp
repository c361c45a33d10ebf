#include "tests/talos/pki.h"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <ctime>
#include <stdexcept>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/openssl.h"

namespace vipd::talos {
namespace {

constexpr long kHour = 3600;

void must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("cannot mint: ") + what);
}

template <class Write>
std::string pem(Write write) {
  const base::BioPtr bio(BIO_new(BIO_s_mem()));
  must(write(bio.get()) == 1, "PEM");
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &data));
  return {data, size};
}

void extend(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const base::X509ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

struct Unsigned {
  base::X509Ptr certificate{X509_new()};
  base::PkeyPtr key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
};

Unsigned begin(const std::vector<std::string>& organizations, long from, long to) {
  Unsigned made;
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  unsigned char serial[16];
  must(RAND_bytes(serial, sizeof serial) == 1, "serial");
  serial[0] = 0x40;
  ASN1_STRING_set(X509_get_serialNumber(certificate), serial, sizeof serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), to);
  X509_set_pubkey(certificate, made.key.get());
  for (const std::string& organization : organizations) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "O", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(organization.c_str()), -1,
                               -1, 0);
  }
  return made;
}

base::KeyPair sign(const Unsigned& made, EVP_PKEY* with) {
  must(X509_sign(made.certificate.get(), with, nullptr) > 0, "signature");
  return {pem([&](BIO* bio) { return PEM_write_bio_X509(bio, made.certificate.get()); }),
          base::Secret(pem([&](BIO* bio) {
            return PEM_write_bio_PKCS8PrivateKey(bio, made.key.get(), nullptr, nullptr, 0, nullptr,
                                                 nullptr);
          }))};
}

}  // namespace

base::KeyPair mint_talos_ca() {
  const Unsigned made = begin({"talos"}, -kHour, 24 * kHour);
  X509* ca = made.certificate.get();
  X509_set_issuer_name(ca, X509_get_subject_name(ca));
  extend(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
  extend(ca, ca, NID_key_usage, "critical,digitalSignature,keyCertSign");
  extend(ca, ca, NID_subject_key_identifier, "hash");
  return sign(made, made.key.get());
}

base::KeyPair mint_talos_leaf(const base::KeyPair& ca, const TalosLeaf& leaf) {
  const long to = static_cast<long>(leaf.valid_for.count());
  const Unsigned made = begin(leaf.roles, to < 0 ? to - kHour : -kHour, to);
  X509* certificate = made.certificate.get();
  const auto issuer = base::certificate_from_pem(ca.certificate_pem);
  const auto issuer_key = base::key_from_pem(ca.key_pem);
  must(issuer.ok() && issuer_key.ok(), "CA");
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer->get()));
  extend(certificate, issuer->get(), NID_key_usage, "critical,digitalSignature");
  const bool server = !leaf.subject_alt_name.empty();
  extend(certificate, issuer->get(), NID_ext_key_usage, server ? "serverAuth" : "clientAuth");
  if (server) {
    extend(certificate, issuer->get(), NID_subject_alt_name, leaf.subject_alt_name.c_str());
  }
  extend(certificate, issuer->get(), NID_authority_key_identifier, "keyid");
  return sign(made, issuer_key->get());
}

std::string with_talos_label(const base::Secret& key_pem) {
  return absl::StrReplaceAll(std::string(key_pem.reveal()),
                             {{"PRIVATE KEY", "ED25519 PRIVATE KEY"}});
}

std::string talosconfig_text(const std::string& context, const std::vector<std::string>& endpoints,
                             const std::string& ca_pem, const base::KeyPair& client) {
  return fmt::format(
      "context: {0}\ncontexts:\n    {0}:\n        endpoints: [{1}]\n        ca: {2}\n"
      "        crt: {3}\n        key: {4}\n",
      context,
      absl::StrJoin(endpoints, ", ",
                    [](std::string* out, const std::string& text) { *out += "'" + text + "'"; }),
      absl::Base64Escape(ca_pem), absl::Base64Escape(client.certificate_pem),
      absl::Base64Escape(with_talos_label(client.key_pem)));
}

}  // namespace vipd::talos
