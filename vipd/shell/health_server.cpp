#include "vipd/shell/health_server.h"

#include <utility>

#include "fmt/format.h"

namespace vipd::shell {
namespace {

base::ServerResponse text_response(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)};
}

}  // namespace

HealthServer::HealthServer(const base::Clock& clock, base::Log& log, const Board& board,
                           MetricsPage metrics, std::string address, std::uint16_t port)
    : clock_(clock),
      log_(log),
      board_(board),
      metrics_(std::move(metrics)),
      address_(std::move(address)),
      port_(port),
      io_(1),
      retry_(io_),
      server_(io_, [this](const base::ServerRequest& request, const base::Respond& respond) {
        respond(answer(request));
      }) {}

HealthServer::~HealthServer() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void HealthServer::start() {
  listen();
  if (!failing_) bound_port_ = server_.port();
  thread_ = std::thread([this] { io_.run(); });
}

void HealthServer::listen() {
  const auto listening = server_.listen_tcp(address_, port_);
  if (listening.ok()) {
    failing_ = false;
    return;
  }
  if (!std::exchange(failing_, true)) {
    log_.write(base::LogLevel::kWarn, "health and status not served over TCP; trying again",
               {{"why", std::string(listening.message())}});
  }
  retry_.expires_after(kRetry);
  retry_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) listen();
  });
}

base::ServerResponse HealthServer::answer(const base::ServerRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    return text_response(405, "read-only here: orders are taken on the unix socket only\n");
  }
  if (request.target == "/healthz") return health();
  const bool metrics_wanted = request.target == "/metrics";
  if (request.target != "/status" && !metrics_wanted) {
    return text_response(404, "try /healthz, /status or /metrics\n");
  }
  const auto notice = board_.latest();
  if (!notice) return text_response(503, "no status yet\n");
  if (metrics_wanted) return metrics(*notice);
  return {.headers = {{"Content-Type", "application/json"}}, .body = notice->text + "\n"};
}

base::ServerResponse HealthServer::metrics(const Notice& notice) const {
  const auto well = health();
  if (well.status != 200) return well;
  return {.headers = {{"Content-Type", metrics_.content_type}},
          .body = metrics_.text(notice.text)};
}

base::ServerResponse HealthServer::health() const {
  const auto silent = clock_.now() - board_.last_beat();
  if (silent <= kStuckAfter) return text_response(200, "ok\n");
  const double seconds = std::chrono::duration<double>(silent).count();
  return text_response(503, fmt::format("stuck: the loop has not turned for {:.1f} s\n", seconds));
}

}  // namespace vipd::shell
