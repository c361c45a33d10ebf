// An HTTP/1.1 server on the loop: TCP or unix socket, with or without TLS.
// Beast and asio/ssl stay in http_server.cpp.
//
// Threads  Loop thread only. A handler may answer at once or later; not answering keeps the
//          client waiting (the lab's "hang"). Destroying the server closes its connections.
// Limits   Request bodies over 1 MiB are answered 413; header over 16 KiB: closed; a connection
//          idle for 60 s is closed; at most 512 connections, further ones wait in the backlog.
//          A client that closes or half-closes while its handler thinks is dropped within 1 s.
// HTTP     Keep-alive where the client wants it; HTTP/1.1 only, also by ALPN; TLS 1.2 or newer.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "absl/status/status.h"
#include "base/http_client.h"
#include "base/secret.h"

namespace vipd::base {

struct TlsServer {
  std::string cert_pem;  // leaf and chain
  Secret key_pem;
  std::string client_ca_pem;  // empty: no client certificate is asked for. A certificate that
                              // is presented must verify; none at all is allowed.
};

struct ServerRequest {
  std::string method;
  std::string target;  // path and query, as sent
  HttpHeaders headers;
  std::string body;
  std::string peer;               // address text, empty on a unix socket
  std::string client_common_name;  // of a verified client certificate, else empty
};

struct ServerResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;
  // What a faulty peer does instead of answering well; used by the lab's stand-ins.
  enum class Fault { kNone, kReset, kTruncate } fault = Fault::kNone;
};

using Respond = std::function<void(ServerResponse)>;  // call at most once, from the loop
using Handler = std::function<void(const ServerRequest&, Respond)>;

class HttpServer {
 public:
  HttpServer(boost::asio::io_context& loop, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Address in use, no such address, bad certificate: the status says which and what to do.
  absl::Status listen_tcp(const std::string& address, std::uint16_t port,
                          std::optional<TlsServer> tls = std::nullopt);
  // Replaces a socket file that nobody listens on; AlreadyExists where somebody does.
  absl::Status listen_unix(const std::string& path, mode_t mode = 0600);
  // New connections are served with these; those open stay. FailedPrecondition where TLS is
  // not served.
  absl::Status replace_tls(TlsServer tls);
  // The port bound by listen_tcp(…, 0).
  [[nodiscard]] std::uint16_t port() const;
  // Stops accepting and drops every connection; listen_tcp may be called again.
  void close();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace vipd::base
