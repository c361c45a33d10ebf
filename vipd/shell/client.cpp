#include "vipd/shell/client.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "fmt/format.h"
#include "vipd/shell/control_server.h"

namespace vipd::shell {
namespace {

constexpr std::size_t kLargestJournal = 16 << 20;
static_assert(Client::kOrderAnswer > ControlServer::kOrder, "vipd's own word says more");

absl::Status unreachable(const std::string& socket, const absl::Status& why) {
  if (::access(socket.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    return absl::NotFoundError(
        fmt::format("is vipd running on this node? there is no socket {}; start vipd, or name its "
                    "socket with --socket",
                    socket));
  }
  if (::access(socket.c_str(), R_OK | W_OK) != 0) {
    return absl::PermissionDeniedError(fmt::format(
        "cannot use {}: {}; it belongs to the user vipd runs as", socket, std::strerror(errno)));
  }
  if (absl::IsDeadlineExceeded(why)) {
    return absl::DeadlineExceededError(
        fmt::format("the vipd behind {} does not answer in time; is it stopped or overloaded?",
                    socket));
  }
  return absl::UnavailableError(fmt::format(
      "is vipd running on this node? {} does not answer: {}", socket, std::string(why.message())));
}

// It has left: a vipd that hangs reads it when it goes on.
absl::Status undecided(const absl::Status& why) {
  return absl::Status(why.code(),
                      fmt::format("{}. The order may have been taken, or may be yet: look at `vipd "
                                  "status`, here or on another node, before you repeat it",
                                  std::string(why.message())));
}

std::string absolute(const std::string& path) {
  std::error_code problem;
  const auto whole = std::filesystem::absolute(path, problem);
  return problem ? path : whole.string();
}

}  // namespace

Client::Client(const std::string& socket, const base::Clock& clock)
    : socket_(absolute(socket)), clock_(clock) {}

base::HttpResult Client::exchange(base::HttpRequest request, const std::string& target) {
  request.url = fmt::format("unix:{}:{}", socket_, target);
  boost::asio::io_context io(1);
  base::HttpClient http(io, clock_);
  base::HttpResult result{absl::UnknownError("the exchange did not end"), false, {}};
  http.send(std::move(request), [&](base::HttpResult ended) { result = std::move(ended); });
  io.run();
  if (!result.response.ok()) result.response = unreachable(socket_, result.response.status());
  return result;
}

absl::StatusOr<base::Json> Client::status(std::optional<std::uint64_t> seen,
                                          base::Instant deadline) {
  base::HttpRequest request;
  request.deadline = deadline;
  const auto target = seen ? fmt::format("/status?watch={}", *seen) : std::string("/status");
  const auto response = exchange(std::move(request), target).response;
  if (!response.ok()) return response.status();
  if (response->status != 200) {
    return absl::InternalError(fmt::format("{} answered {} to GET /status: is it another version?",
                                           socket_, response->status));
  }
  return base::parse_json(response->body);
}

absl::StatusOr<std::string> Client::journal(base::Instant deadline) {
  base::HttpRequest request;
  request.deadline = deadline;
  request.body_limit = kLargestJournal;
  auto response = exchange(std::move(request), "/journal").response;
  if (!response.ok()) return response.status();
  if (response->status != 200) {
    return absl::InternalError(fmt::format("{} answered {} to GET /journal: is it another version?",
                                           socket_, response->status));
  }
  return std::move(response->body);
}

absl::StatusOr<OrderOutcome> Client::handover(const Order& order, base::Instant deadline) {
  return this->order(
      "/handover",
      {{"to", order.to}, {"off", order.off}, {"by", order.by}, {"reason", order.reason}}, deadline);
}

absl::StatusOr<OrderOutcome> Client::order(const std::string& path, const base::Json& body,
                                           base::Instant deadline) {
  base::HttpRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body.dump(-1, ' ', false, base::Json::error_handler_t::replace);
  request.deadline = deadline;
  const auto result = exchange(std::move(request), path);
  const auto& response = result.response;
  if (!response.ok()) return result.sent ? undecided(response.status()) : response.status();
  const auto answer = base::parse_json(response->body);
  const auto text = answer.ok() ? base::json_text(*answer, "text") : std::nullopt;
  if (response->status == 400) {
    return absl::InvalidArgumentError(text.value_or("the order lacks something"));
  }
  if (!text || (response->status != 200 && response->status != 409)) {
    return absl::UnavailableError(fmt::format("{} answered {} to the order: {}", socket_,
                                              response->status, text.value_or("no reason given")));
  }
  return OrderOutcome{.taken = response->status == 200, .text = *text};
}

}  // namespace vipd::shell
