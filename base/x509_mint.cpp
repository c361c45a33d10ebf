#include <string>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <fmt/format.h>

#include "base/ip.h"
#include "base/openssl.h"
#include "base/x509.h"

namespace vipd::base {
namespace {

absl::StatusOr<std::string> pem_text(const X509Ptr& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate.get()) != 1) {
    return openssl_error("cannot write a certificate");
  }
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &data));
  return std::string(data, size);
}

absl::StatusOr<Secret> pem_text(const PkeyPtr& key) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                           nullptr) != 1) {
    return openssl_error("cannot write a private key");
  }
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &data));
  return Secret(std::string(data, size));
}

bool add_subject_field(X509_NAME* subject, int nid, std::string_view value) {
  return X509_NAME_add_entry_by_NID(subject, nid, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

// `value` is in openssl.cnf's own little language, so it must never hold foreign text.
bool add_extension(X509* certificate, const X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, const_cast<X509*>(issuer), certificate, nullptr, nullptr, 0);
  const X509ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool push_name(GENERAL_NAMES* names, int type, ASN1_STRING* value, const void* data,
               std::size_t size) {
  GeneralNamePtr name(GENERAL_NAME_new());
  ASN1_STRING_set(value, data, static_cast<int>(size));
  GENERAL_NAME_set0_value(name.get(), type, value);
  return sk_GENERAL_NAME_push(names, name.release()) > 0;
}

absl::Status add_alternative_names(X509* certificate, const MintRequest& request) {
  if (request.dns_names.empty() && request.ip_addresses.empty()) return absl::OkStatus();
  const GeneralNamesPtr names(GENERAL_NAMES_new());
  for (const std::string& dns : request.dns_names) {
    push_name(names.get(), GEN_DNS, ASN1_IA5STRING_new(), dns.data(), dns.size());
  }
  for (const std::string& text : request.ip_addresses) {
    const auto address = IpAddress::parse(text);
    if (!address.ok()) return address.status();
    push_name(names.get(), GEN_IPADD, ASN1_OCTET_STRING_new(), address->bytes.data(),
              address->family == Family::kV4 ? 4 : 16);
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) != 1) {
    return openssl_error("cannot add the alternative names");
  }
  return absl::OkStatus();
}

bool set_random_serial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] = (bytes[0] & 0x3f) | 0x40;  // positive, and never shorter
  return ASN1_STRING_set(X509_get_serialNumber(certificate), bytes, sizeof bytes) == 1;
}

// What a CA and a leaf have in common: version, serial, subject, validity, key.
absl::StatusOr<X509Ptr> unsigned_certificate(const MintRequest& request, EVP_PKEY* key) {
  X509Ptr certificate(X509_new());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  bool good = X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
              set_random_serial(certificate.get()) &&
              X509_set_pubkey(certificate.get(), key) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(certificate.get()), request.not_before.seconds) &&
              ASN1_TIME_set(X509_getm_notAfter(certificate.get()), request.not_after.seconds);
  for (const std::string& organization : request.organizations) {
    good = good && add_subject_field(subject, NID_organizationName, organization);
  }
  good = good && add_subject_field(subject, NID_commonName, request.common_name);
  if (!good) return openssl_error(fmt::format("cannot mint for \"{}\"", request.common_name));
  return certificate;
}

const char* extended_key_usage(const MintRequest& request) {
  if (request.server) return request.client ? "serverAuth,clientAuth" : "serverAuth";
  return request.client ? "clientAuth" : nullptr;
}

// Ed25519 takes no digest of its own.
const EVP_MD* digest_for(const EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") == 1 ? nullptr : EVP_sha256();
}

absl::StatusOr<KeyPair> signed_pair(const X509Ptr& certificate, const PkeyPtr& key,
                                    EVP_PKEY* issuer_key) {
  if (X509_sign(certificate.get(), issuer_key, digest_for(issuer_key)) <= 0) {
    return openssl_error("cannot sign a certificate");
  }
  auto certificate_pem = pem_text(certificate);
  if (!certificate_pem.ok()) return certificate_pem.status();
  auto key_pem = pem_text(key);
  if (!key_pem.ok()) return key_pem.status();
  return KeyPair{*std::move(certificate_pem), *std::move(key_pem)};
}

}  // namespace

absl::StatusOr<KeyPair> mint_ca(std::string_view common_name, WallTime not_before,
                                WallTime not_after) {
  const PkeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return openssl_error("cannot make a key");
  MintRequest request;
  request.common_name = common_name;
  request.not_before = not_before;
  request.not_after = not_after;
  const auto certificate = unsigned_certificate(request, key.get());
  if (!certificate.ok()) return certificate.status();
  X509* ca = certificate->get();
  if (X509_set_issuer_name(ca, X509_get_subject_name(ca)) != 1 ||
      !add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(ca, ca, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign") ||
      !add_extension(ca, ca, NID_subject_key_identifier, "hash")) {
    return openssl_error("cannot mint a CA");
  }
  return signed_pair(*certificate, key, key.get());
}

absl::StatusOr<KeyPair> mint_certificate(const KeyPair& ca, const MintRequest& request) {
  if (auto status = check_key_pair(ca.certificate_pem, ca.key_pem); !status.ok()) return status;
  const auto issuer = certificate_from_pem(ca.certificate_pem);
  const auto issuer_key = key_from_pem(ca.key_pem);
  const PkeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return openssl_error("cannot make a key");
  const auto certificate = unsigned_certificate(request, key.get());
  if (!certificate.ok()) return certificate.status();
  X509* leaf = certificate->get();
  const char* usage = extended_key_usage(request);
  if (X509_set_issuer_name(leaf, X509_get_subject_name(issuer->get())) != 1 ||
      !add_extension(leaf, issuer->get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(leaf, issuer->get(), NID_key_usage,
                     "critical,digitalSignature,keyEncipherment") ||
      (usage && !add_extension(leaf, issuer->get(), NID_ext_key_usage, usage)) ||
      !add_extension(leaf, issuer->get(), NID_authority_key_identifier, "keyid")) {
    return openssl_error("cannot mint a certificate");
  }
  if (auto status = add_alternative_names(leaf, request); !status.ok()) return status;
  return signed_pair(*certificate, key, issuer_key->get());
}

}  // namespace vipd::base
