#include "base/tls.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <fmt/format.h>

#include "base/ip.h"
#include "base/openssl.h"

namespace vipd::base {
namespace {

using Certs = std::vector<X509Ptr>;

std::string openssl_reason(unsigned long error) {
  const char* text = ERR_reason_error_string(error);
  return text != nullptr ? text : "unknown reason";
}

absl::Status unusable(std::string_view what) {
  const std::string reason = openssl_reason(ERR_peek_last_error());
  ERR_clear_error();
  return absl::InvalidArgumentError(
      fmt::format("the {} cannot be used ({}); check that its PEM is whole", what, reason));
}

int count(std::string_view text, std::string_view part) {
  int found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// All certificates of a text. OpenSSL alone takes a text that ends inside a BEGIN line for one
// that is merely followed by remarks, so the marks are counted too.
absl::StatusOr<Certs> read_certificates(std::string_view pem, std::string_view what) {
  ERR_clear_error();
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certs certs;
  while (X509* cert = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certs.emplace_back(cert);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const bool whole = count(pem, "-----BEGIN") == count(pem, "-----END");
  if (certs.empty() || !at_end || !whole) return unusable(what);
  ERR_clear_error();
  return certs;
}

absl::Status use_key_pair(SSL_CTX* context, std::string_view cert_pem, const Secret& key_pem,
                          std::string_view whose) {
  const std::string cert_name = fmt::format("{} certificate", whose);
  const auto certs = read_certificates(cert_pem, cert_name);
  if (!certs.ok()) return certs.status();
  const auto key = key_from_pem(key_pem);
  if (!key.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("the {} key: {}", whose, std::string(key.status().message())));
  }
  for (const X509Ptr& cert : *certs) {
    const bool leaf = cert == certs->front();
    if ((leaf ? SSL_CTX_use_certificate(context, cert.get())
              : SSL_CTX_add1_chain_cert(context, cert.get())) != 1) {
      return unusable(cert_name);
    }
  }
  // Files that are being rewritten do not match each other for a moment.
  if (SSL_CTX_use_PrivateKey(context, key->get()) != 1) {
    return unusable(fmt::format("{} key", whose));
  }
  return absl::OkStatus();
}

absl::Status trust(SSL_CTX* context, const Certs& authorities, std::string_view what) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& cert : authorities) {
    if (X509_STORE_add_cert(store, cert.get()) != 1) return unusable(what);
  }
  return absl::OkStatus();
}

absl::StatusOr<TlsContext> new_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), Freer<SSL_CTX_free>());
  if (context == nullptr) return absl::InternalError("OpenSSL gives no TLS context; check memory");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

// kubectl and Go offer h2 first; only http/1.1 is spoken here.
int choose_http11(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                  const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr std::array<unsigned char, 9> kHttp11 = {8,   'h', 't', 't', 'p',
                                                           '/', '1', '.', '1'};
  unsigned char* match = nullptr;
  const int found = SSL_select_next_proto(&match, chosen_size, kHttp11.data(), kHttp11.size(),
                                          offered, offered_size);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

absl::Status ask_for_client_certificate(SSL_CTX* context, std::string_view client_ca_pem) {
  constexpr std::string_view kWhat = "client CA";
  const auto authorities = read_certificates(client_ca_pem, kWhat);
  if (!authorities.ok()) return authorities.status();
  for (const X509Ptr& authority : *authorities) {
    SSL_CTX_add_client_CA(context, authority.get());
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return trust(context, *authorities, kWhat);
}

// SSL_set_tlsext_host_name() is a macro around a C cast, which our warnings refuse.
bool set_sni(SSL* ssl, std::string name) {
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

bool is_there(const char* path) { return path != nullptr && ::access(path, R_OK) == 0; }

// What SSL_CERT_FILE or SSL_CERT_DIR name, else what OpenSSL was built for.
bool openssl_has_a_store() {
  const char* file = std::getenv(X509_get_default_cert_file_env());
  const char* folder = std::getenv(X509_get_default_cert_dir_env());
  return is_there(file != nullptr ? file : X509_get_default_cert_file()) ||
         is_there(folder != nullptr ? folder : X509_get_default_cert_dir());
}

// A static program meets other systems than the one its OpenSSL was built for.
absl::Status trust_system(SSL_CTX* context) {
  if (SSL_CTX_set_default_verify_paths(context) != 1) return unusable("system's CA store");
  if (openssl_has_a_store()) return absl::OkStatus();
  for (const char* bundle : {"/etc/ssl/certs/ca-certificates.crt",     // Debian, Alpine, Talos
                             "/etc/pki/tls/certs/ca-bundle.crt"}) {    // Fedora
    if (!is_there(bundle)) continue;
    if (SSL_CTX_load_verify_locations(context, bundle, nullptr) != 1) return unusable(bundle);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "no CA certificates on this system: install ca-certificates, or name a PEM file in "
      "SSL_CERT_FILE");
}

}  // namespace

absl::StatusOr<TlsContext> client_context(const TlsClient& tls) {
  auto context = new_context(TLS_client_method());
  if (!context.ok()) return context;
  if (!tls.ca_pem.empty()) {
    const auto authorities = read_certificates(tls.ca_pem, "CA");
    if (!authorities.ok()) return authorities.status();
    if (auto status = trust(context->get(), *authorities, "CA"); !status.ok()) return status;
  } else if (tls.verify) {
    if (auto status = trust_system(context->get()); !status.ok()) return status;
  }
  if (tls.cert_pem.empty()) return context;
  const auto status = use_key_pair(context->get(), tls.cert_pem, tls.key_pem, "client");
  if (!status.ok()) return status;
  return context;
}

absl::StatusOr<TlsContext> server_context(const TlsServer& tls) {
  auto context = new_context(TLS_server_method());
  if (!context.ok()) return context;
  SSL_CTX_set_options(context->get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context->get(), 0);
  SSL_CTX_set_alpn_select_cb(context->get(), choose_http11, nullptr);
  auto status = use_key_pair(context->get(), tls.cert_pem, tls.key_pem, "server");
  if (status.ok() && !tls.client_ca_pem.empty()) {
    status = ask_for_client_certificate(context->get(), tls.client_ca_pem);
  }
  if (!status.ok()) return status;
  return context;
}

absl::Status expect_server(SSL* ssl, const TlsClient& tls, const std::string& host) {
  const std::string& name = tls.server_name.empty() ? host : tls.server_name;
  const bool literal = IpAddress::parse(name).ok();
  bool accepted = literal || set_sni(ssl, name);
  if (tls.verify) {
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(
        param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    accepted = accepted &&
               (literal ? X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str())
                        : X509_VERIFY_PARAM_set1_host(param, name.c_str(), name.size())) == 1;
  }
  if (accepted) return absl::OkStatus();
  ERR_clear_error();
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no server name for TLS; give a DNS name or an address", name));
}

absl::Status tls_failure(SSL* ssl, unsigned long error, const std::string& peer) {
  const long verdict = SSL_get_verify_result(ssl);
  if (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && verdict != X509_V_OK) {
    return absl::UnauthenticatedError(
        fmt::format("{}: the certificate is not trusted: {}; check CA, name and dates", peer,
                    X509_verify_cert_error_string(verdict)));
  }
  const std::string reason = openssl_reason(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET) {
    return absl::UnauthenticatedError(
        fmt::format("{}: refused by the peer: {}; check the client certificate", peer, reason));
  }
  return absl::DataLossError(
      fmt::format("{}: the TLS stream is broken: {}; check what listens there", peer, reason));
}

std::string peer_chain_pem(SSL* ssl) {
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    PEM_write_bio_X509(bio.get(), sk_X509_value(chain, i));
  }
  std::string pem(BIO_ctrl_pending(bio.get()), '\0');
  BIO_read(bio.get(), pem.data(), static_cast<int>(pem.size()));
  return pem;
}

std::string verified_common_name(SSL* ssl) {
  const X509* cert = SSL_get0_peer_certificate(ssl);
  if (cert == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return {};
  const X509_NAME* subject = X509_get_subject_name(cert);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(utf8, utf8 + size);
  OPENSSL_free(utf8);
  return name;
}

}  // namespace vipd::base
