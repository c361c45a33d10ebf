// One HTTP/1.1 exchange, or one TLS handshake, on the loop: no pool, no retries, no redirects.
// Beast and asio/ssl stay in http_client.cpp (their headers cost 16 s a file).
//
// Threads  Loop thread only. `done` is called exactly once, on the loop, never from within
//          the call that was given it. A client may be destroyed with exchanges under way:
//          their `done` is then never called.
// Errors   in HttpResult::response: DeadlineExceeded (says in which phase: resolve, connect,
//          TLS, send, answer), Unavailable (refused, reset, unreachable, no such name, hung up
//          without an answer), Unauthenticated (the certificate does not verify, with OpenSSL's
//          reason, or the peer sent a TLS alert: it lives, but wants no such client), DataLoss
//          (not TLS; truncated or malformed HTTP), ResourceExhausted (body over the limit),
//          Aborted (not sent: the first byte would have left after `first_byte_by`),
//          InvalidArgument (URL, header or PEM text unusable; says which). The text names host
//          and port, never a header or body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/secret.h"

namespace vipd::base {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// Case-insensitive; the first match, or nothing.
[[nodiscard]] std::optional<std::string> find_header(const HttpHeaders& headers,
                                                     std::string_view name);

struct TlsClient {
  std::string ca_pem;       // empty: the system's store, read once per client
  std::string cert_pem;     // empty: no client certificate
  Secret key_pem;
  std::string server_name;  // checked against the SANs (a name or an address); empty: the host
  bool verify = true;       // false only where life, not identity, is asked for
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;           // http://HOST[:PORT]/path, https://..., or unix:/socket/path:/path
  HttpHeaders headers;       // Host, Content-Length, Connection are set for you
  std::optional<Secret> bearer;  // becomes Authorization: Bearer; never echoed
  std::string body;
  TlsClient tls;             // used for https only
  Instant deadline;          // for the whole exchange
  std::optional<Instant> first_byte_by;
  std::size_t body_limit = 4 << 20;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;
};

struct HttpResult {
  absl::StatusOr<HttpResponse> response;
  bool sent = false;      // at least the first byte of the request may have left
  Instant first_byte_at;  // valid if sent
};

struct TlsHandshake {
  std::string peer_chain_pem;  // leaf first
  std::string tls_version;     // "TLSv1.3"
};

class HttpClient {
 public:
  HttpClient(boost::asio::io_context& loop, const Clock& clock);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void send(HttpRequest request, std::function<void(HttpResult)> done);

  // Connects to host:port (host: a name or address literal), completes a TLS handshake and
  // closes. Sends no request.
  void handshake(std::string host, std::uint16_t port, TlsClient tls, Instant deadline,
                 std::function<void(absl::StatusOr<TlsHandshake>)> done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace vipd::base
