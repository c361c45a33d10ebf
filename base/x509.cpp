#include "base/x509.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <fmt/format.h>

#include "base/ip.h"
#include "base/openssl.h"

namespace vipd::base {
namespace {

BioPtr memory_bio(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Without it OpenSSL would ask the terminal for the pass phrase of an encrypted key.
int no_pass_phrase(char*, int, int, void*) { return -1; }

std::string text_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::vector<std::string> subject_fields(const X509& certificate, int nid) {
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  std::vector<std::string> values;
  for (int at = X509_NAME_get_index_by_NID(subject, nid, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(subject, nid, at)) {
    values.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  }
  return values;
}

std::optional<std::string> address_text(std::string_view bytes) {
  IpAddress address;
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  address.family = bytes.size() == 4 ? Family::kV4 : Family::kV6;
  std::transform(bytes.begin(), bytes.end(), address.bytes.begin(),
                 [](char byte) { return static_cast<std::uint8_t>(byte); });
  return address.text();
}

void read_names(const X509& x509, Certificate& certificate) {
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&x509, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) certificate.dns_names.push_back(text_of(name->d.dNSName));
    if (name->type != GEN_IPADD) continue;
    if (auto text = address_text(text_of(name->d.iPAddress))) {
      certificate.ip_addresses.push_back(*std::move(text));
    }
  }
}

std::optional<WallTime> wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return WallTime{timegm(&parts)};
}

// As DNS does: ASCII only, whatever the locale.
bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// "*" stands for one whole left-most label, and never for all of a top-level domain.
bool is_wildcard(std::string_view pattern) {
  if (pattern.substr(0, 2) != "*.") return false;
  const std::string_view rest = pattern.substr(2);
  const auto dot = rest.find('.');
  return dot != std::string_view::npos && dot > 0 && rest.back() != '.' &&
         rest.find("..") == std::string_view::npos;
}

// A host that is a wildcard itself is named by its like alone.
bool dns_name_matches(std::string_view pattern, std::string_view host) {
  if (equal_ignoring_case(pattern, host)) return true;
  const auto dot = host.find('.');
  return is_wildcard(pattern) && host.front() != '*' && dot != std::string_view::npos && dot > 0 &&
         equal_ignoring_case(pattern.substr(1), host.substr(dot));
}

}  // namespace

absl::Status openssl_error(std::string_view what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return absl::InvalidArgumentError(fmt::format("{}: {}", what, reason ? reason : "not accepted"));
}

absl::StatusOr<X509Ptr> certificate_from_pem(std::string_view pem) {
  X509Ptr certificate(
      PEM_read_bio_X509(memory_bio(pem).get(), nullptr, no_pass_phrase, nullptr));
  if (!certificate) return openssl_error("cannot read a PEM certificate");
  return certificate;
}

absl::StatusOr<PkeyPtr> key_from_pem(const Secret& pem) {
  PkeyPtr key(PEM_read_bio_PrivateKey(memory_bio(pem.reveal()).get(), nullptr, no_pass_phrase,
                                      nullptr));
  if (!key) return openssl_error("cannot read a PEM private key (unencrypted ones only)");
  return key;
}

absl::StatusOr<Certificate> read_certificate(std::string_view pem) {
  auto x509 = certificate_from_pem(pem);
  if (!x509.ok()) return x509.status();
  Certificate certificate;
  const auto common_names = subject_fields(**x509, NID_commonName);
  if (!common_names.empty()) certificate.common_name = common_names.back();
  certificate.organizations = subject_fields(**x509, NID_organizationName);
  read_names(**x509, certificate);

  const auto not_before = wall_time(X509_get0_notBefore(x509->get()));
  const auto not_after = wall_time(X509_get0_notAfter(x509->get()));
  if (!not_before || !not_after) return openssl_error("cannot read the certificate's validity");
  certificate.not_before = *not_before;
  certificate.not_after = *not_after;

  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(x509->get(), EVP_sha256(), digest.data(), &size) != 1) {
    return openssl_error("cannot take the certificate's fingerprint");
  }
  certificate.sha256 =
      fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
  return certificate;
}

bool names(const Certificate& certificate, std::string_view host) {
  if (const auto address = IpAddress::parse(host); address.ok()) {
    const auto& listed = certificate.ip_addresses;
    return std::find(listed.begin(), listed.end(), address->text()) != listed.end();
  }
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (host.empty()) return false;
  return std::any_of(certificate.dns_names.begin(), certificate.dns_names.end(),
                     [&](const std::string& pattern) { return dns_name_matches(pattern, host); });
}

absl::Status check_key_pair(std::string_view certificate_pem, const Secret& key_pem) {
  const auto certificate = certificate_from_pem(certificate_pem);
  if (!certificate.ok()) return certificate.status();
  const auto key = key_from_pem(key_pem);
  if (!key.ok()) return key.status();
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    return openssl_error("the private key does not belong to the certificate");
  }
  return absl::OkStatus();
}

}  // namespace vipd::base
