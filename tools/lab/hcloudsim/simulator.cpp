#include "tools/lab/hcloudsim/simulator.h"

#include <functional>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "tools/lab/hcloudsim/admin.h"

namespace vipd::hcloudsim {
namespace {

constexpr std::size_t kHugeBody = 20 << 20;

// What the client gets to see of a good answer under this fault.
base::ServerResponse spoil(base::ServerResponse response, FaultKind kind) {
  switch (kind) {
    case FaultKind::kReset: response.fault = base::ServerResponse::Fault::kReset; break;
    case FaultKind::kTruncate: response.fault = base::ServerResponse::Fault::kTruncate; break;
    case FaultKind::kMalformed: response.body = R"({"floating_ips": [{"id": 1, "name": )"; break;
    case FaultKind::kHuge: response.body = std::string(kHugeBody, ' '); break;
    case FaultKind::kHtml502:
      response.status = 502;
      response.headers = {{"Content-Type", "text/html"}};
      response.body = "<html><body><h1>502 Bad Gateway</h1></body></html>\n";
      break;
    default: break;  // the others leave the answer as it is
  }
  return response;
}

}  // namespace

class Simulator::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& loop, const base::Clock& clock, std::uint64_t seed,
       RouteSink* routes)
      : world(seed, clock.now(), clock.wall()), loop_(loop), clock_(clock), routes_(routes),
        due_(loop) {}

  absl::StatusOr<std::uint16_t> serve(base::Handler handler, const std::string& address,
                                      std::uint16_t port, std::optional<base::TlsServer> tls) {
    auto server = std::make_unique<base::HttpServer>(loop_, std::move(handler));
    if (auto status = server->listen_tcp(address, port, std::move(tls)); !status.ok()) {
      return status;
    }
    servers_.push_back(std::move(server));
    return servers_.back()->port();
  }

  absl::Status serve_admin(const std::string& socket) {
    auto server = std::make_unique<base::HttpServer>(
        loop_, [this](const base::ServerRequest& request, const base::Respond& respond) {
          respond(administer_now(request));
        });
    if (auto status = server->listen_unix(socket); !status.ok()) return status;
    servers_.push_back(std::move(server));
    return absl::OkStatus();
  }

  base::ServerResponse administer_now(const base::ServerRequest& request) {
    world.model.advance(clock_.now());
    auto response = administer(world, request, clock_.now());
    settle();
    return response;
  }

  void answer_api(const base::ServerRequest& request, base::Respond respond) {
    const auto fault =
        world.faults.next({request.method, request.target, Api::bearer(request), request.peer});
    const FaultKind kind = fault ? fault->kind : FaultKind::kLate;
    const Milliseconds after = fault ? fault->after : Milliseconds(0);
    const bool postponed = kind == FaultKind::kSlow || kind == FaultKind::kLateAssign;
    later(postponed ? after : Milliseconds(0),
          [this, request, fault, kind, after, respond = std::move(respond)] {
            base::ServerResponse response = carry_out(request, fault);
            if (kind == FaultKind::kHang || kind == FaultKind::kLateAssign) return;
            const Milliseconds delay =
                draw_between(world.answer_least, world.answer_most, world.model.random) +
                (kind == FaultKind::kLate ? after : Milliseconds(0));
            later(delay, [respond, response = spoil(std::move(response), kind)] {
              respond(response);
            });
          });
  }

  void answer_metadata(const base::ServerRequest& request, const base::Respond& respond,
                       std::optional<Id> as_server) {
    world.model.advance(clock_.now());
    auto answer = world.metadata.answer(world.model, request, as_server);
    settle();
    if (answer) respond(*std::move(answer));
  }

  World world;

 private:
  base::ServerResponse carry_out(const base::ServerRequest& request,
                                 const std::optional<Fault>& fault) {
    const base::Instant now = clock_.now();
    world.model.advance(now);
    Twist twist;
    const bool done_but_refused = fault && fault->applied && fault->refusal;
    if (fault) {
      twist.fault = fault->name;
      if (!done_but_refused) twist.refusal = fault->refusal;
      twist.action_fails = fault->kind == FaultKind::kActionError;
      // Spoilt beyond recognition anyway; what counts is that nothing is carried out.
      if (!fault->applied && !twist.refusal) twist.refusal = server_error();
    }
    Exchange exchange = world.api.handle(request, now, twist);
    settle(&exchange.record);
    if (done_but_refused) {
      exchange.response.status = fault->refusal->status;
      exchange.response.body = fault->refusal->body().dump();
    }
    return std::move(exchange.response);
  }

  // After every change: the request itself is written before what it caused.
  void settle(const Record* request = nullptr) {
    if (request != nullptr) world.audit.add(*request);
    for (const Record& each : world.model.take_records()) world.audit.add(each);
    if (routes_ != nullptr) sync_routes();
    wait_for_next();
  }

  void sync_routes() {
    auto wanted = world.model.routes();
    if (wanted == synced_) return;
    routes_->sync(wanted);
    synced_ = std::move(wanted);
  }

  void wait_for_next() {
    const auto next = world.model.next_due();
    if (!next) return;
    due_.expires_after(*next - clock_.now());
    due_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->world.model.advance(self->clock_.now());
      self->settle();
    });
  }

  void later(Milliseconds delay, std::function<void()> what) {
    if (delay <= Milliseconds(0)) return what();
    auto timer = std::make_shared<boost::asio::steady_timer>(loop_, delay);
    timer->async_wait([timer, weak = weak_from_this(), what = std::move(what)](
                          boost::system::error_code error) {
      const auto self = weak.lock();
      if (!error && self) what();
    });
  }

  boost::asio::io_context& loop_;
  const base::Clock& clock_;
  RouteSink* routes_;
  boost::asio::steady_timer due_;
  std::vector<FipRoute> synced_;
  std::vector<std::unique_ptr<base::HttpServer>> servers_;
};

Simulator::Simulator(boost::asio::io_context& loop, const base::Clock& clock, std::uint64_t seed,
                     RouteSink* routes)
    : impl_(std::make_shared<Impl>(loop, clock, seed, routes)) {}

Simulator::~Simulator() = default;

absl::StatusOr<std::uint16_t> Simulator::listen_api(const std::string& address,
                                                    std::uint16_t port,
                                                    std::optional<base::TlsServer> tls) {
  impl_->world.api.scheme = tls ? "https" : "http";
  return impl_->serve([impl = impl_.get()](const base::ServerRequest& request,
                                           base::Respond respond) {
    impl->answer_api(request, std::move(respond));
  }, address, port, std::move(tls));
}

absl::StatusOr<std::uint16_t> Simulator::listen_metadata(const std::string& address,
                                                         std::uint16_t port,
                                                         std::optional<Id> as_server) {
  return impl_->serve([impl = impl_.get(), as_server](const base::ServerRequest& request,
                                                      const base::Respond& respond) {
    impl->answer_metadata(request, respond, as_server);
  }, address, port, std::nullopt);
}

absl::Status Simulator::listen_admin(const std::string& socket) {
  return impl_->serve_admin(socket);
}

absl::Status Simulator::write_audit_to(const std::string& path) {
  return impl_->world.audit.write_to(path);
}

base::ServerResponse Simulator::admin(const std::string& method, const std::string& target,
                                      const base::Json& body) {
  base::ServerRequest request;
  request.method = method;
  request.target = target;
  request.body = body.dump();
  return impl_->administer_now(request);
}

const World& Simulator::world() const { return impl_->world; }

}  // namespace vipd::hcloudsim
