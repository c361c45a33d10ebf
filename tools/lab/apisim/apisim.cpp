#include "tools/lab/apisim/apisim.h"

#include <fmt/format.h>

#include <array>

namespace vipd::apisim {
namespace {

using boost::asio::ip::tcp;

base::ServerResponse json_response(int status, const base::Json& body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

base::ServerResponse health_response(const Health& health) {
  return {.status = health.status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"X-Content-Type-Options", "nosniff"}},
          .body = health.body};
}

// A connection that is accepted and never answered; it goes when the client does.
struct Ignored : std::enable_shared_from_this<Ignored> {
  explicit Ignored(tcp::socket accepted) : socket(std::move(accepted)) {}
  void read() {
    socket.async_read_some(boost::asio::buffer(sink),
                           [self = shared_from_this()](auto error, auto) {
                             if (!error) self->read();
                           });
  }
  tcp::socket socket;
  std::array<char, 1024> sink{};
};

}  // namespace

Apisim::Apisim(boost::asio::io_context& loop, Options options,
               std::function<std::string()> etcd_problem, std::function<void()> ended)
    : loop_(loop),
      options_(std::move(options)),
      etcd_problem_(std::move(etcd_problem)),
      ended_(std::move(ended)),
      port_(options_.port),
      delay_(loop),
      deaf_(loop),
      server_(loop, [this](const base::ServerRequest& request, const base::Respond& respond) {
        answer(request, respond);
      }) {}

absl::Status Apisim::start() { return listen(); }

absl::Status Apisim::listen() {
  boost::system::error_code ignored;
  deaf_.close(ignored);
  if (auto listening = server_.listen_tcp(options_.address, port_, options_.tls); !listening.ok())
    return listening;
  port_ = server_.port();
  return absl::OkStatus();
}

void Apisim::shut_down() {
  if (shutting_down_) return;
  shutting_down_ = true;
  delay_.expires_after(options_.shutdown_delay);
  delay_.async_wait([this](auto error) {
    if (error) return;
    server_.close();
    ended_();
  });
}

absl::Status Apisim::set(const Switches& switches) {
  const bool was_hanging = switches_.mode == Switches::Mode::kHang;
  const bool hangs = switches.mode == Switches::Mode::kHang;
  switches_ = switches;
  if (hangs && !was_hanging) return hang();
  if (was_hanging && !hangs) return listen();
  return absl::OkStatus();
}

absl::Status Apisim::hang() {
  server_.close();
  boost::system::error_code error;
  const tcp::endpoint here(boost::asio::ip::make_address(options_.address, error), port_);
  if (!error) deaf_.open(here.protocol(), error);
  if (!error) deaf_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) deaf_.bind(here, error);
  if (!error) deaf_.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) return absl::UnavailableError("cannot hang: " + error.message());
  accept_and_ignore();
  return absl::OkStatus();
}

void Apisim::accept_and_ignore() {
  deaf_.async_accept([this](auto error, tcp::socket socket) {
    if (error) return;
    std::make_shared<Ignored>(std::move(socket))->read();
    accept_and_ignore();
  });
}

std::vector<Check> Apisim::readyz() const {
  const bool up = switches_.mode != Switches::Mode::kFail;
  const bool etcd = etcd_problem_().empty();
  return {{"ping", true},
          {"log", true},
          {"etcd", etcd},
          {"etcd-readiness", etcd},
          {"informer-sync", true},
          {"poststarthook/start-kube-apiserver-admission-initializer", up},
          {"shutdown", !shutting_down_}};
}

void Apisim::answer(const base::ServerRequest& request, const base::Respond& respond) {
  base::ServerResponse response = route(request);
  response.headers.emplace_back("X-Apisim-Node", options_.node);
  if (switches_.mode != Switches::Mode::kSlow) return respond(std::move(response));
  auto timer = std::make_shared<boost::asio::steady_timer>(
      loop_, std::chrono::milliseconds(switches_.delay_ms));
  timer->async_wait([timer, respond, response = std::move(response)](auto) mutable {
    respond(std::move(response));
  });
}

base::ServerResponse Apisim::route(const base::ServerRequest& request) const {
  if (request.client_common_name.empty())
    return json_response(401, status_object(401, "Unauthorized", "Unauthorized"));
  const auto question = request.target.find('?');
  const std::string path = request.target.substr(0, question);
  const bool verbose = question != std::string::npos &&
                       request.target.find("verbose", question) != std::string::npos;
  if (path == "/readyz") return health_response(health("readyz", readyz(), verbose));
  if (path == "/livez" || path == "/healthz")
    return health_response(health(path.substr(1), {{"ping", true}, {"log", true}}, verbose));
  if (path == "/version") return json_response(200, version_object());
  if (path == "/api/v1/nodes/" + options_.node && request.method == "GET") {
    if (const std::string problem = etcd_problem_(); !problem.empty())
      return json_response(500, status_object(500, "InternalError", "etcd: " + problem));
    return json_response(200, node_object(options_.node, switches_));
  }
  return json_response(
      404, status_object(404, "NotFound", "the server could not find the requested resource"));
}

}  // namespace vipd::apisim
