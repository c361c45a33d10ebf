#include "vipd/shell/control_server.h"

#include <charconv>
#include <optional>
#include <utility>

#include "vipd/shell/order_text.h"

namespace vipd::shell {
namespace {

constexpr auto kPaths =
    "GET /status, GET /journal, POST /handover, POST /pause, POST /resume, POST /release";

base::ServerResponse json_response(int status, const base::Json& body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = body.dump(-1, ' ', false, base::Json::error_handler_t::replace) + "\n"};
}

base::ServerResponse problem(int status, std::string text) {
  return json_response(status, {{"done", false}, {"text", std::move(text)}});
}

std::optional<std::uint64_t> watched_change(std::string_view query) {
  constexpr std::string_view kName = "watch=";
  if (query.substr(0, kName.size()) != kName) return std::nullopt;
  query.remove_prefix(kName.size());
  std::uint64_t change = 0;
  const char* end = query.data() + query.size();
  const auto [rest, error] = std::from_chars(query.data(), end, change);
  if (error != std::errc() || rest != end) return std::nullopt;
  return change;
}

}  // namespace

ControlServer::ControlServer(boost::asio::io_context& io, base::Log& log, std::string socket,
                             Answers answers, std::function<void(core::Event)> post)
    : io_(io),
      log_(log),
      socket_(std::move(socket)),
      answers_(std::move(answers)),
      post_(std::move(post)),
      retry_(io),
      server_(io, [this](const base::ServerRequest& request, base::Respond respond) {
        handle(request, std::move(respond));
      }) {}

void ControlServer::start() { listen(); }

void ControlServer::listen() {
  const auto listening = server_.listen_unix(socket_, 0600);
  if (listening.ok()) {
    said_.clear();
    return;
  }
  const std::string why(listening.message());
  if (why != said_) {
    log_.write(base::LogLevel::kWarn, "no orders taken: socket not bound; trying again",
               {{"socket", socket_}, {"why", why}});
  }
  said_ = why;
  retry_.expires_after(kRetry);
  retry_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) listen();
  });
}

void ControlServer::handle(const base::ServerRequest& request, base::Respond respond) {
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  const auto path = target.substr(0, mark);
  const auto query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
  const bool asks = path == "/status" || path == "/journal";
  if (!asks && !is_order(path)) return respond(problem(404, kPaths));
  if (request.method != (asks ? "GET" : "POST")) return respond(problem(405, kPaths));
  if (path == "/status") return handle_status(query, std::move(respond));
  if (!asks) return handle_order(path, request.body, std::move(respond));
  respond({.headers = {{"Content-Type", "application/jsonl"}}, .body = answers_.journal()});
}

void ControlServer::handle_status(std::string_view query, base::Respond respond) {
  const auto change = watched_change(query);
  if (!query.empty() && !change) {
    respond(problem(400, "expected /status?watch=NUMBER, the \"change\" of an earlier answer"));
    return;
  }
  const base::Json now = answers_.status();
  if (!change || now.value("change", std::uint64_t{0}) != *change) {
    respond(json_response(200, now));
    return;
  }
  keep(watchers_, ++last_id_, std::move(respond), kWatch,
       [this] { return json_response(200, answers_.status()); });
}

void ControlServer::handle_order(std::string_view path, const std::string& body,
                                 base::Respond respond) {
  const core::CallId id = ++last_id_;
  auto order = read_order(path, body, id);
  if (!order.ok()) return respond(problem(400, std::string(order.status().message())));
  keep(orders_, id, std::move(respond), kOrder, [] {
    return problem(504, "not decided within 5 s, and may still be; vipd status may show why");
  });
  post_(*std::move(order));
}

void ControlServer::keep(WaitingRoom& room, core::CallId id, base::Respond respond,
                         std::chrono::seconds limit,
                         std::function<base::ServerResponse()> too_late) {
  auto& waiting =
      room.try_emplace(id, Waiting{std::move(respond), boost::asio::steady_timer(io_, limit)})
          .first->second;
  waiting.limit.async_wait(
      [&room, id, too_late = std::move(too_late)](boost::system::error_code cancelled) {
        if (cancelled) return;
        if (auto late = room.extract(id)) late.mapped().respond(too_late());
      });
}

void ControlServer::changed() {
  auto woken = std::exchange(watchers_, {});
  if (woken.empty()) return;
  const auto response = json_response(200, answers_.status());
  for (auto& [id, watcher] : woken) watcher.respond(response);
}

void ControlServer::carry_out(const core::OrderAnswer& answer) {
  auto order = orders_.extract(answer.order);
  if (!order) return;
  order.mapped().respond(json_response(answer.done ? 200 : 409,
                                       {{"done", answer.done}, {"text", answer.text}}));
}

}  // namespace vipd::shell
