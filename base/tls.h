// OpenSSL for the HTTP client and server: contexts from PEM in memory, and what a connection
// shows. Internal to base; others meet TlsClient and TlsServer only.
//
// Threads  A context is immutable once made and may be shared; an SSL belongs to its connection.
// Errors   InvalidArgument names the PEM text that is torn, empty or does not fit, with
//          OpenSSL's reason; never key material.
#pragma once

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/http_client.h"
#include "base/http_server.h"

namespace vipd::base {

using TlsContext = std::shared_ptr<SSL_CTX>;

// TLS 1.2 or newer. Trusts ca_pem, or the system's store where that is empty.
absl::StatusOr<TlsContext> client_context(const TlsClient& tls);

// TLS 1.2 or newer; offers http/1.1 alone; no session is ever resumed, so that every
// connection shows its client certificate.
absl::StatusOr<TlsContext> server_context(const TlsServer& tls);

// Whom `ssl` is to reach: SNI for names only (RFC 6066 section 3 excludes addresses), and with
// tls.verify the certificate must name it as subjectAltName. `host` serves where tls.server_name
// is empty.
absl::Status expect_server(SSL* ssl, const TlsClient& tls, const std::string& host);

// Why a handshake or a later read failed. Unauthenticated: the peer's certificate does not
// verify, or the peer answered with a TLS alert. DataLoss: what came is not TLS.
// `error` is an OpenSSL error code, or 0 where the socket failed.
absl::Status tls_failure(SSL* ssl, unsigned long error, const std::string& peer);

// Leaf first; empty where the peer showed none.
std::string peer_chain_pem(SSL* ssl);

// Of a peer certificate that verified; else empty.
std::string verified_common_name(SSL* ssl);

}  // namespace vipd::base
