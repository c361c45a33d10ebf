#include "base/http_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <set>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include "base/tls.h"
#include "base/url.h"

namespace vipd::base {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;
using Endpoint = Protocol::endpoint;
using Acceptor = asio::basic_socket_acceptor<Protocol>;
using TlsStream = asio::ssl::stream<Socket&>;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kBodyLimit = 1 << 20;
constexpr std::uint32_t kHeaderLimit = 16 << 10;
constexpr std::size_t kMaxConnections = 512;
constexpr seconds kIdle{60};
// How soon a client that hung up while its handler thinks is noticed.
constexpr seconds kPeerCheck{1};
// Accepting may fail for want of descriptors; asking again at once would only spin.
constexpr milliseconds kAcceptAgain{100};

std::string address_text(const Socket& socket) {
  error_code error;
  const Endpoint peer = socket.remote_endpoint(error);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (error) return {};
  if (peer.protocol().family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, peer.data(), sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (peer.protocol().family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, peer.data(), sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

// One client. Alive as long as the loop holds a handler of it or the server lists it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Closed = std::function<void(const std::shared_ptr<Connection>&)>;

  Connection(Socket socket, const TlsContext& tls, std::shared_ptr<const Handler> handler,
             Closed closed)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        handler_(std::move(handler)),
        closed_(std::move(closed)) {
    if (tls == nullptr) return;
    SSL_CTX_up_ref(tls.get());
    asio::ssl::context context(tls.get());
    stream_.emplace(socket_, context);
  }

  void start() {
    peer_ = address_text(socket_);
    if (!stream_.has_value()) return read();
    drop_after_idling();
    stream_->async_handshake(TlsStream::server, [self = shared_from_this()](error_code error) {
      if (self->over_) return;
      if (error) return self->close();
      self->common_name_ = verified_common_name(self->stream_->native_handle());
      self->read();
    });
  }

  void close() {
    if (std::exchange(over_, true)) return;
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
    if (const auto closed = std::exchange(closed_, nullptr)) closed(shared_from_this());
  }

 private:
  template <typename Use>
  void with_stream(Use use) {
    if (stream_.has_value()) {
      use(*stream_);
    } else {
      use(socket_);
    }
  }

  void drop_after_idling() {
    timer_.expires_after(kIdle);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->close();
    });
  }

  void read() {
    drop_after_idling();
    parser_.emplace();
    parser_->header_limit(kHeaderLimit);
    parser_->body_limit(kBodyLimit);
    // The header apart: read together, Beast 1.74 forgets the body limit when bytes of the body
    // come along with the header.
    with_stream([this](auto& stream) {
      http::async_read_header(stream, buffer_, *parser_,
                              [self = shared_from_this()](error_code error, std::size_t) {
                                if (!self->over_) self->on_header(error);
                              });
    });
  }

  void on_header(error_code error) {
    if (error == http::error::body_limit) return refuse_body();
    if (error) return close();
    with_stream([this](auto& stream) {
      http::async_read(stream, buffer_, *parser_,
                       [self = shared_from_this()](error_code failed, std::size_t) {
                         if (!self->over_) self->on_read(failed);
                       });
    });
  }

  void refuse_body() {
    timer_.cancel();
    version_ = parser_->get().version();
    keep_alive_ = false;
    answer(ServerResponse{.status = 413, .headers = {}, .body = {}});
  }

  void on_read(error_code error) {
    if (error == http::error::body_limit) return refuse_body();  // a chunked one
    if (error) return close();
    timer_.cancel();
    auto& message = parser_->get();
    version_ = message.version();
    keep_alive_ = message.keep_alive();
    head_ = message.method() == http::verb::head;
    ServerRequest request{.method = std::string(message.method_string()),
                          .target = std::string(message.target()),
                          .headers = {},
                          .body = std::move(message.body()),
                          .peer = peer_,
                          .client_common_name = common_name_};
    for (const auto& field : message) {
      request.headers.emplace_back(field.name_string(), field.value());
    }
    ask(request);
  }

  void ask(const ServerRequest& request) {
    const auto handler = handler_;  // the handler may end the server, and this with it
    check_peer();
    awaited_ = ++asked_;
    (*handler)(request, [weak = weak_from_this(), number = awaited_](ServerResponse response) {
      const auto self = weak.lock();
      if (self == nullptr || self->over_ || self->awaited_ != number) return;
      self->awaited_ = 0;
      self->timer_.cancel();
      self->answer(std::move(response));
    });
  }

  // A handler may take for ever; the client may not wait that long. Nothing is read meanwhile,
  // so its hanging up shows only here.
  void check_peer() {
    timer_.expires_after(kPeerCheck);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error || self->over_ || self->awaited_ == 0) return;
      pollfd peer{.fd = self->socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
      if (::poll(&peer, 1, 0) > 0) return self->close();
      self->check_peer();
    });
  }

  void answer(ServerResponse response) {
    if (response.fault == ServerResponse::Fault::kReset) return reset();
    const bool truncate = response.fault == ServerResponse::Fault::kTruncate;
    const bool bodiless = response.status == 204 || response.status == 304;
    keep_alive_ = keep_alive_ && !truncate;
    message_.emplace();
    message_->version(version_);
    message_->result(static_cast<unsigned>(response.status));
    for (const auto& [name, value] : response.headers) message_->insert(name, value);
    message_->keep_alive(keep_alive_);
    const std::size_t size = response.body.size();
    if (truncate) response.body.resize(size / 2);
    if (!bodiless) message_->content_length(truncate ? size + 1 : size);
    if (!head_ && !bodiless) message_->body() = std::move(response.body);
    drop_after_idling();
    with_stream([this](auto& stream) {
      http::async_write(stream, *message_,
                        [self = shared_from_this()](error_code error, std::size_t) {
                          if (self->over_) return;
                          if (error || !self->keep_alive_) return self->close();
                          self->read();
                        });
    });
  }

  void reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
  }

  Socket socket_;
  asio::steady_timer timer_;
  std::shared_ptr<const Handler> handler_;
  Closed closed_;
  std::optional<TlsStream> stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> message_;
  std::string peer_;
  std::string common_name_;
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool head_ = false;
  bool over_ = false;
  std::uint64_t asked_ = 0;
  std::uint64_t awaited_ = 0;  // the number of the request whose answer is due; 0: none
};

absl::Status listen_failure(const std::string& where, error_code error) {
  const std::string text = fmt::format("cannot listen on {}: {}", where, error.message());
  if (error == asio::error::address_in_use) {
    return absl::AlreadyExistsError(text + "; stop what listens there");
  }
  if (error == asio::error::access_denied) {
    return absl::PermissionDeniedError(text + "; choose another place or run as root");
  }
  return absl::FailedPreconditionError(text + "; check the address or the folder");
}

// Makes way for a new socket at `path`, unless somebody listens there.
absl::Status clear_stale_socket(const std::string& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) return absl::OkStatus();  // bind() will say what is wrong
  if (!S_ISSOCK(file.st_mode)) {
    return absl::AlreadyExistsError(
        fmt::format("{} exists and is not a socket; move it away or choose another path", path));
  }
  const asio::local::stream_protocol::endpoint address(path);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int refused =
      ::connect(probe, address.data(), static_cast<socklen_t>(address.size()));
  const bool nobody = refused != 0 && errno == ECONNREFUSED;
  ::close(probe);
  if (!nobody) {
    return absl::AlreadyExistsError(fmt::format("somebody listens on {}; stop it first", path));
  }
  ::unlink(path.c_str());
  return absl::OkStatus();
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, Handler handler)
      : loop_(loop),
        acceptor_(loop),
        timer_(loop),
        handler_(std::make_shared<const Handler>(std::move(handler))) {}

  absl::Status listen_tcp(const std::string& address, std::uint16_t port,
                          const std::optional<TlsServer>& tls) {
    const std::string where = host_and_port(address, port);
    error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error) {
      return absl::InvalidArgumentError(
          fmt::format("cannot listen on {}: not an address; give an IPv4 or IPv6 one", where));
    }
    TlsContext context;
    if (tls.has_value()) {
      auto made = server_context(*tls);
      if (!made.ok()) return made.status();
      context = *std::move(made);
    }
    close();
    open(asio::ip::tcp::endpoint(ip, port), 0, error);
    if (error) return listen_failure(where, error);
    tls_ = std::move(context);
    accept();
    return absl::OkStatus();
  }

  absl::Status listen_unix(const std::string& path, mode_t mode) {
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
      return absl::InvalidArgumentError(
          fmt::format("socket path '{}' is empty or longer than 107 bytes", path));
    }
    close();
    if (auto status = clear_stale_socket(path); !status.ok()) return status;
    error_code error;
    open(asio::local::stream_protocol::endpoint(path), mode, error);
    if (error) return listen_failure(path, error);
    // The umask may have taken bits away that are wished for.
    if (struct stat made{}; ::chmod(path.c_str(), mode) == 0 && ::lstat(path.c_str(), &made) == 0) {
      socket_path_ = path;
      socket_inode_ = made.st_ino;
    }
    tls_ = nullptr;
    accept();
    return absl::OkStatus();
  }

  absl::Status replace_tls(const TlsServer& tls) {
    if (tls_ == nullptr) {
      return absl::FailedPreconditionError("this server serves no TLS; listen with TLS first");
    }
    auto context = server_context(tls);
    if (!context.ok()) return context.status();
    tls_ = *std::move(context);
    return absl::OkStatus();
  }

  [[nodiscard]] std::uint16_t port() const {
    error_code error;
    const Endpoint local = acceptor_.local_endpoint(error);
    if (error || local.protocol().family() == AF_UNIX) return 0;
    sockaddr_in any{};  // the port is at the same place in sockaddr_in6
    std::memcpy(&any, local.data(), sizeof any);
    return ntohs(any.sin_port);
  }

  void close() {
    ++generation_;
    timer_.cancel();
    error_code ignored;
    acceptor_.close(ignored);
    const auto connections = std::exchange(connections_, {});
    for (const auto& connection : connections) connection->close();
    remove_socket_file();
  }

 private:
  void open(const Endpoint& where, mode_t mode, error_code& error) {
    acceptor_.open(where.protocol(), error);
    if (where.protocol().family() == AF_UNIX) {
      // Before bind(): the file is then never open to more than `mode`, whatever the umask, which
      // is the whole process' and so not ours to change.
      if (!error && ::fchmod(acceptor_.native_handle(), mode) != 0) {
        error.assign(errno, boost::system::system_category());
      }
    } else if (!error) {
      acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    }
    if (!error) acceptor_.bind(where, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    error_code ignored;
    if (error) acceptor_.close(ignored);
  }

  void accept() {
    if (accepting_ || !acceptor_.is_open() || connections_.size() >= kMaxConnections) return;
    accepting_ = true;
    auto socket = std::make_shared<Socket>(loop_);
    acceptor_.async_accept(*socket, [weak = weak_from_this(), socket,
                                     generation = generation_](error_code error) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      self->accepting_ = false;
      if (generation != self->generation_) return self->accept();
      if (error) return self->accept_later();
      self->serve(std::move(*socket));
      self->accept();
    });
  }

  void accept_later() {
    timer_.expires_after(kAcceptAgain);
    timer_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (!error && self != nullptr) self->accept();
    });
  }

  void serve(Socket socket) {
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);  // refused by unix sockets
    const auto connection = std::make_shared<Connection>(
        std::move(socket), tls_, handler_, [weak = weak_from_this()](const auto& closed) {
          const auto self = weak.lock();
          if (self == nullptr) return;
          self->connections_.erase(closed);
          self->accept();
        });
    connections_.insert(connection);
    connection->start();
  }

  // Another process may have put its own socket there since.
  void remove_socket_file() {
    const std::string path = std::exchange(socket_path_, {});
    struct stat file {};
    if (path.empty() || ::lstat(path.c_str(), &file) != 0) return;
    if (file.st_ino == socket_inode_) ::unlink(path.c_str());
  }

  asio::io_context& loop_;
  Acceptor acceptor_;
  asio::steady_timer timer_;
  std::shared_ptr<const Handler> handler_;
  TlsContext tls_;
  std::set<std::shared_ptr<Connection>> connections_;
  std::string socket_path_;
  ino_t socket_inode_ = 0;
  std::uint64_t generation_ = 0;  // of listening; an accept of an earlier one is stale
  bool accepting_ = false;
};

HttpServer::HttpServer(asio::io_context& loop, Handler handler)
    : impl_(std::make_shared<Impl>(loop, std::move(handler))) {}
HttpServer::~HttpServer() { impl_->close(); }

absl::Status HttpServer::listen_tcp(const std::string& address, std::uint16_t port,
                                    std::optional<TlsServer> tls) {
  return impl_->listen_tcp(address, port, tls);
}
absl::Status HttpServer::listen_unix(const std::string& path, mode_t mode) {
  return impl_->listen_unix(path, mode);
}
absl::Status HttpServer::replace_tls(TlsServer tls) { return impl_->replace_tls(tls); }
std::uint16_t HttpServer::port() const { return impl_->port(); }
void HttpServer::close() { impl_->close(); }

}  // namespace vipd::base
