#include "certsans/chain.h"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <fmt/format.h>

#include "base/openssl.h"

namespace vipd::certsans {
namespace {

using base::BioPtr;
using base::Freer;
using base::X509Ptr;
using Certificates = std::vector<X509Ptr>;
using StorePtr = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;

constexpr std::string_view kBegin = "-----BEGIN";
constexpr std::string_view kEnd = "-----END";

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// OpenSSL stops at the first text that it cannot read, so the marks are counted too.
absl::StatusOr<Certificates> certificates_in(std::string_view pem, std::string_view what) {
  ERR_clear_error();
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificates found;
  while (X509* each = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    found.emplace_back(each);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (found.empty() || !at_end || count(pem, kBegin) != count(pem, kEnd)) {
    return base::openssl_error(fmt::format("{} is no whole PEM text of certificates", what));
  }
  ERR_clear_error();
  return found;
}

std::string pem_of(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &data));
  return {data, size};
}

std::string text_of(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &data));
  return {data, size};
}

std::string key_of(const X509* certificate) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return "unknown";
  const int bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return "Ed25519";
  if (EVP_PKEY_is_a(key, "EC") == 1) return fmt::format("ECDSA P-{}", bits);
  const char* type = EVP_PKEY_get0_type_name(key);
  return fmt::format("{} {}", type != nullptr ? type : "unknown", bits);
}

bool is_signed_by(X509* certificate, X509* issuer) {
  const bool named = X509_NAME_cmp(X509_get_issuer_name(certificate),
                                   X509_get_subject_name(issuer)) == 0;
  const bool good = named && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
  ERR_clear_error();
  return good;
}

bool is_issuer_named(const Certificates& chain, const Certificates& authorities) {
  return std::any_of(chain.begin(), chain.end(), [&](const X509Ptr& shown) {
    return std::any_of(authorities.begin(), authorities.end(), [&](const X509Ptr& authority) {
      return X509_NAME_cmp(X509_get_issuer_name(shown.get()),
                           X509_get_subject_name(authority.get())) == 0;
    });
  });
}

// OpenSSL has several texts for one thing: the chain ends at nobody whom the CAs know.
std::string reason_of(int error) {
  switch (error) {
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "no CA that was given signed it";
    default:
      return X509_verify_cert_error_string(error);
  }
}

bool is_date(int error) {
  return error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
}

int forgive_dates_of_the_leaf(int good, X509_STORE_CTX* context) {
  return good == 1 || (X509_STORE_CTX_get_error_depth(context) == 0 &&
                       is_date(X509_STORE_CTX_get_error(context)));
}

struct StackFreer {
  void operator()(STACK_OF(X509)* stack) const { sk_X509_free(stack); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), StackFreer>;

}  // namespace

absl::StatusOr<Chain> read_chain(std::string_view pem, std::string_view what) {
  const auto found = certificates_in(pem, what);
  if (!found.ok()) return found.status();
  Chain chain;
  for (std::size_t i = 0; i < found->size(); ++i) {
    X509* each = (*found)[i].get();
    auto read = base::read_certificate(pem_of(each));
    if (!read.ok()) return read.status();
    chain.certificates.push_back({*std::move(read), text_of(X509_get_subject_name(each)),
                                  text_of(X509_get_issuer_name(each)), key_of(each),
                                  is_signed_by(each, each)});
    if (i > 0 && !is_signed_by((*found)[i - 1].get(), each)) chain.in_order = false;
  }
  return chain;
}

absl::StatusOr<Verdict> verify(std::string_view chain_pem, const Trust& trust, base::WallTime now) {
  const auto shown = certificates_in(chain_pem, "what the server showed");
  if (!shown.ok()) return shown.status();
  if (trust.ca_pem.empty()) return Verdict{Verdict::Kind::kUnjudged, "no CA was given"};
  const auto authorities = certificates_in(trust.ca_pem, "the CA");
  if (!authorities.ok()) return authorities.status();
  if (!trust.complete && !is_issuer_named(*shown, *authorities)) {
    return Verdict{Verdict::Kind::kUnjudged, "no CA of its issuer's name was given"};
  }
  const StorePtr store(X509_STORE_new());
  for (const X509Ptr& each : *authorities) X509_STORE_add_cert(store.get(), each.get());
  const StackPtr others(sk_X509_new_null());
  for (const X509Ptr& each : *shown) sk_X509_push(others.get(), each.get());
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store.get(), shown->front().get(), others.get()) != 1) {
    return base::openssl_error("the chain cannot be verified");
  }
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), now.seconds);
  X509_STORE_CTX_set_verify_cb(context.get(), forgive_dates_of_the_leaf);
  const bool trusted = X509_verify_cert(context.get()) == 1;
  const int error = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  if (trusted) return Verdict{Verdict::Kind::kTrusted, ""};
  return Verdict{Verdict::Kind::kUntrusted, reason_of(error)};
}

}  // namespace vipd::certsans
