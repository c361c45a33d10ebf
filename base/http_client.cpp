#include "base/http_client.h"

#include <algorithm>
#include <deque>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/tls.h"
#include "base/url.h"

namespace vipd::base {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Endpoint = asio::generic::stream_protocol::endpoint;
using TlsStream = asio::ssl::stream<Socket&>;

constexpr std::uint32_t kHeaderLimit = 64 << 10;

// What both kinds of exchange share: reach the peer, shake hands, be over by the deadline.
// Alive as long as the loop holds a handler of it; after finish() those do nothing.
class Dial : public std::enable_shared_from_this<Dial> {
 public:
  Dial(asio::io_context& loop, const Clock& clock, Url url, Instant deadline)
      : url_(std::move(url)),
        clock_(clock),
        deadline_(deadline),
        loop_(loop),
        resolver_(loop),
        socket_(loop),
        timer_(loop) {}
  virtual ~Dial() = default;
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

  // Set before start() for https; `tls` says whom to expect.
  void use_tls(TlsContext context, TlsClient tls) {
    context_ = std::move(context);
    tls_options_ = std::move(tls);
  }

  void start() {
    asio::post(loop_, [self = shared_from_this()] {
      if (self->finished_) return;
      self->wait_until(self->deadline_);
      if (!self->finished_) self->resolve();
    });
  }

  void start_with(absl::Status failure) {
    asio::post(loop_, [self = shared_from_this(), failure = std::move(failure)] {
      if (!self->finished_) self->fail(failure);
    });
  }

  void abandon() {
    finished_ = true;
    timer_.cancel();
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

 protected:
  virtual void connected() = 0;  // TLS included
  virtual void report(absl::Status failure) = 0;

  void fail(absl::Status failure) {
    abandon();
    report(std::move(failure));
  }

  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] SSL* ssl() { return stream_->native_handle(); }
  void enter(std::string_view phase) { phase_ = phase; }

  // Calls `use` with the stream that carries the bytes.
  template <typename Use>
  void with_stream(Use use) {
    if (stream_.has_value()) {
      use(*stream_);
    } else {
      use(socket_);
    }
  }

  [[nodiscard]] absl::Status io_failure(error_code error) {
    if (error.category() == asio::error::get_ssl_category()) {
      return tls_failure(ssl(), static_cast<unsigned>(error.value()), url_.peer());
    }
    return absl::UnavailableError(
        fmt::format("{}: {} (phase: {}); is it up?", url_.peer(), error.message(), phase_));
  }

  const Url url_;
  const Clock& clock_;

 private:
  void wait_until(Instant when) {
    wait_until_ = when;
    if (clock_.now() >= when) return expired();
    timer_.expires_after(when - clock_.now());
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error && !self->finished_) self->wait_until(self->wait_until_);
    });
  }

  void expired() {
    if (clock_.now() < deadline_) {  // only this address had its share of the time
      error_code ignored;
      socket_.close(ignored);
      return wait_until(deadline_);
    }
    fail(absl::DeadlineExceededError(
        fmt::format("{}: deadline passed in phase {}; is it overloaded?", url_.peer(), phase_)));
  }

  void resolve() {
    enter("resolve");
    error_code not_literal;
    if (url_.scheme == Url::Scheme::kUnix) {
      addresses_.emplace_back(asio::local::stream_protocol::endpoint(url_.socket_path));
      return connect_next(asio::error::host_not_found);
    }
    const auto literal = asio::ip::make_address(url_.host, not_literal);
    if (!not_literal) {
      addresses_.emplace_back(asio::ip::tcp::endpoint(literal, url_.port));
      return connect_next(asio::error::host_not_found);
    }
    resolver_.async_resolve(
        url_.host, std::to_string(url_.port),
        [self = shared_from_this()](error_code error, const auto& found) {
          if (self->finished_) return;
          for (const auto& entry : found) self->addresses_.emplace_back(entry.endpoint());
          self->connect_next(error ? error : asio::error::host_not_found);
        });
  }

  // A name may have addresses that swallow packets (v6 without a route): each gets its share.
  void connect_next(error_code last_error) {
    enter(addresses_.empty() ? phase_ : "connect");
    if (addresses_.empty()) return fail(io_failure(last_error));
    const auto left = static_cast<std::int64_t>(addresses_.size());
    const Endpoint address = addresses_.front();
    addresses_.pop_front();
    error_code ignored;
    socket_.close(ignored);
    wait_until(left == 1 ? deadline_ : clock_.now() + (deadline_ - clock_.now()) / left);
    if (finished_) return;
    socket_.async_connect(address, [self = shared_from_this()](error_code error) {
      if (self->finished_) return;
      if (!error && !self->socket_.is_open()) error = asio::error::timed_out;
      if (error == asio::error::operation_aborted) error = asio::error::timed_out;
      if (error) return self->connect_next(error);
      self->wait_until(self->deadline_);
      if (!self->finished_) self->shake_hands();
    });
  }

  void shake_hands() {
    if (url_.scheme != Url::Scheme::kUnix) {
      error_code ignored;  // small requests should leave at once
      socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    if (context_ == nullptr) return connected();
    enter("TLS");
    SSL_CTX_up_ref(context_.get());
    asio::ssl::context context(context_.get());
    stream_.emplace(socket_, context);
    auto status = expect_server(ssl(), tls_options_, url_.host);
    if (!status.ok()) return fail(std::move(status));
    stream_->async_handshake(TlsStream::client, [self = shared_from_this()](error_code error) {
      if (self->finished_) return;
      if (error) return self->fail(self->io_failure(error));
      self->connected();
    });
  }

  const Instant deadline_;
  Instant wait_until_;
  asio::io_context& loop_;
  asio::ip::tcp::resolver resolver_;
  Socket socket_;
  asio::steady_timer timer_;
  std::deque<Endpoint> addresses_;
  TlsContext context_;
  TlsClient tls_options_;
  std::optional<TlsStream> stream_;
  std::string_view phase_ = "resolve";
  bool finished_ = false;
};

class Handshake final : public Dial {
 public:
  using Done = std::function<void(absl::StatusOr<TlsHandshake>)>;
  Handshake(asio::io_context& loop, const Clock& clock, Url url, Instant deadline, Done done)
      : Dial(loop, clock, std::move(url), deadline), done_(std::move(done)) {}

 private:
  void connected() override {
    TlsHandshake result{.peer_chain_pem = peer_chain_pem(ssl()),
                        .tls_version = SSL_get_version(ssl())};
    abandon();
    std::exchange(done_, nullptr)(std::move(result));
  }
  void report(absl::Status failure) override {
    std::exchange(done_, nullptr)(std::move(failure));
  }

  Done done_;
};

class Exchange final : public Dial {
 public:
  using Done = std::function<void(HttpResult)>;
  Exchange(asio::io_context& loop, const Clock& clock, Url url, HttpRequest request, Done done)
      : Dial(loop, clock, std::move(url), request.deadline),
        first_byte_by_(request.first_byte_by),
        done_(std::move(done)) {
    message_.method_string(request.method);
    message_.target(url_.target);
    for (const auto& [name, value] : request.headers) message_.insert(name, value);
    if (request.bearer.has_value()) {
      message_.set(http::field::authorization, fmt::format("Bearer {}", request.bearer->reveal()));
    }
    message_.set(http::field::host, url_.host_header());
    message_.keep_alive(false);
    message_.body() = std::move(request.body);
    message_.prepare_payload();
    parser_.header_limit(kHeaderLimit);
    parser_.body_limit(request.body_limit);
    parser_.skip(request.method == "HEAD");
  }

 private:
  void connected() override {
    const Instant now = clock_.now();
    if (first_byte_by_.has_value() && now > *first_byte_by_) {
      return fail(absl::AbortedError(fmt::format(
          "{}: not sent: it was too late for the first byte; ask for a new guard", url_.peer())));
    }
    enter("send");
    result_.sent = true;
    result_.first_byte_at = now;
    with_stream([this](auto& stream) {
      http::async_write(stream, message_, [self = self()](error_code error, std::size_t) {
        if (!self->finished()) self->read(error);
      });
    });
  }

  // A peer may answer (413, a TLS alert) and close before it has read everything, so the
  // answer is looked for even where sending failed.
  void read(error_code send_error) {
    enter("answer");
    send_error_ = send_error;
    // The header apart: read together, Beast 1.74 forgets the body limit when bytes of the body
    // come along with the header.
    with_stream([this](auto& stream) {
      http::async_read_header(stream, buffer_, parser_,
                              [self = self()](error_code error, std::size_t) {
                                if (!self->finished()) self->on_header(error);
                              });
    });
  }

  void on_header(error_code error) {
    if (error) return fail(read_failure(error));
    with_stream([this](auto& stream) {
      http::async_read(stream, buffer_, parser_, [self = self()](error_code failed, std::size_t) {
        if (!self->finished()) self->on_read(failed);
      });
    });
  }

  void on_read(error_code error) {
    if (error) return fail(read_failure(error));
    HttpResponse response;
    const auto& answer = parser_.get();
    response.status = static_cast<int>(answer.result_int());
    for (const auto& field : answer) {
      response.headers.emplace_back(field.name_string(), field.value());
    }
    response.body = std::move(parser_.get().body());
    abandon();
    result_.response = std::move(response);
    std::exchange(done_, nullptr)(std::move(result_));
  }

  [[nodiscard]] absl::Status read_failure(error_code error) {
    if (error == http::error::body_limit) {
      return absl::ResourceExhaustedError(
          fmt::format("{}: the answer's body is over the limit; ask for less", url_.peer()));
    }
    // Nothing came at all: then what happened first tells more.
    if (error == http::error::end_of_stream ||
        (error == asio::ssl::error::stream_truncated && !parser_.got_some())) {
      return io_failure(send_error_ ? send_error_ : error_code(asio::error::eof));
    }
    const bool bad_http = error.category() == make_error_code(http::error::bad_value).category();
    if (bad_http || parser_.got_some()) {
      return absl::DataLossError(fmt::format("{}: broken answer: {}; check what listens there",
                                             url_.peer(), error.message()));
    }
    return io_failure(error);
  }

  void report(absl::Status failure) override {
    result_.response = std::move(failure);
    std::exchange(done_, nullptr)(std::move(result_));
  }

  std::shared_ptr<Exchange> self() {
    return std::static_pointer_cast<Exchange>(shared_from_this());
  }

  std::optional<Instant> first_byte_by_;
  Done done_;
  HttpResult result_{
      .response = absl::UnknownError("no answer yet"), .sent = false, .first_byte_at = {}};
  http::request<http::string_body> message_;
  http::response_parser<http::string_body> parser_;
  boost::beast::flat_buffer buffer_;
  error_code send_error_;
};

// A line break would let a value add headers of its own.
bool fits_a_header(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

absl::Status check_request(const HttpRequest& request) {
  bool fits = !request.method.empty() && request.method.find_first_of(" \r\n") == std::string::npos;
  for (const auto& [name, value] : request.headers) {
    fits = fits && !name.empty() && fits_a_header(name) && fits_a_header(value);
  }
  if (request.bearer.has_value() && !fits_a_header(request.bearer->reveal())) {
    return absl::InvalidArgumentError("the bearer token holds a line break; trim its file");
  }
  if (!fits) return absl::InvalidArgumentError("a method or header holds a line break or is empty");
  return absl::OkStatus();
}

}  // namespace

class HttpClient::Impl {
 public:
  Impl(asio::io_context& loop, const Clock& clock) : loop_(loop), clock_(clock) {}
  ~Impl() {
    for (const auto& dial : dials_) {
      if (const auto alive = dial.lock()) alive->abandon();
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void send(HttpRequest request, std::function<void(HttpResult)> done) {
    const auto url = Url::parse(request.url);
    absl::Status problem = url.ok() ? check_request(request) : url.status();
    const bool https = url.ok() && url->scheme == Url::Scheme::kHttps;
    TlsClient tls = std::move(request.tls);
    start(std::make_shared<Exchange>(loop_, clock_, url.value_or(Url{}), std::move(request),
                                     std::move(done)),
          https ? &tls : nullptr, std::move(problem));
  }

  void handshake(Url url, TlsClient tls, Instant deadline, Handshake::Done done) {
    start(std::make_shared<Handshake>(loop_, clock_, std::move(url), deadline, std::move(done)),
          &tls, absl::OkStatus());
  }

 private:
  void start(const std::shared_ptr<Dial>& dial, TlsClient* tls, absl::Status problem) {
    std::erase_if(dials_, [](const auto& other) { return other.expired(); });
    dials_.push_back(dial);
    if (problem.ok() && tls != nullptr) {
      auto context = context_for(*tls);
      problem = context.status();
      if (problem.ok()) dial->use_tls(*std::move(context), std::move(*tls));
    }
    if (!problem.ok()) return dial->start_with(std::move(problem));
    dial->start();
  }

  // Parsing a CA store takes tens of milliseconds of the loop, so the last few are kept.
  absl::StatusOr<TlsContext> context_for(const TlsClient& tls) {
    for (const Known& known : known_) {
      if (known.ca_pem == tls.ca_pem && known.cert_pem == tls.cert_pem &&
          known.key_pem == tls.key_pem && known.verify == tls.verify) {
        return known.context;
      }
    }
    auto context = client_context(tls);
    if (!context.ok()) return context;
    if (known_.size() == kKnownContexts) known_.pop_front();
    known_.push_back({tls.ca_pem, tls.cert_pem, tls.key_pem, tls.verify, *context});
    return context;
  }

  static constexpr std::size_t kKnownContexts = 8;
  struct Known {
    std::string ca_pem;
    std::string cert_pem;
    Secret key_pem;
    bool verify;
    TlsContext context;
  };

  asio::io_context& loop_;
  const Clock& clock_;
  std::vector<std::weak_ptr<Dial>> dials_;
  std::deque<Known> known_;
};

HttpClient::HttpClient(asio::io_context& loop, const Clock& clock)
    : impl_(std::make_shared<Impl>(loop, clock)) {}
HttpClient::~HttpClient() = default;

void HttpClient::send(HttpRequest request, std::function<void(HttpResult)> done) {
  impl_->send(std::move(request), std::move(done));
}

void HttpClient::handshake(std::string host, std::uint16_t port, TlsClient tls, Instant deadline,
                           std::function<void(absl::StatusOr<TlsHandshake>)> done) {
  Url url{.scheme = Url::Scheme::kHttps, .host = std::move(host), .port = port, .socket_path = {}};
  impl_->handshake(std::move(url), std::move(tls), deadline, std::move(done));
}

std::optional<std::string> find_header(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (boost::beast::iequals(key, {name.data(), name.size()})) return value;
  }
  return std::nullopt;
}

}  // namespace vipd::base
