// The read-only TCP side: GET /healthz, GET /status and GET /metrics.
//
// It lives on a thread of its own and reads the Board, so it can answer 503 while the loop is
// stuck: a vipd that does not turn must be seen as such, and must not look healthy. Its metrics
// are then not served either, for they would be those of a moment long gone.
//
// Threads  start() once, from any thread; everything else happens inside. The destructor joins.
// Errors   An address in use is logged and tried again every kRetry (rule E19).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/http_server.h"
#include "base/log.h"
#include "vipd/shell/board.h"

namespace vipd::shell {

// Makes the metrics, with their content type, of the status; handed in by main().
struct MetricsPage {
  std::string content_type;
  std::function<std::string(std::string_view status)> text;
};

class HealthServer {
 public:
  // The loop turns at least once a second; two missed turns are not chance.
  static constexpr std::chrono::seconds kStuckAfter{2};
  static constexpr std::chrono::seconds kRetry{5};

  HealthServer(const base::Clock& clock, base::Log& log, const Board& board, MetricsPage metrics,
               std::string address, std::uint16_t port);
  ~HealthServer();
  HealthServer(const HealthServer&) = delete;
  HealthServer& operator=(const HealthServer&) = delete;

  // Listens (so that a test may ask for the port at once), then runs its thread.
  void start();
  [[nodiscard]] std::uint16_t port() const { return bound_port_; }

 private:
  void listen();
  [[nodiscard]] base::ServerResponse answer(const base::ServerRequest& request) const;
  [[nodiscard]] base::ServerResponse health() const;
  [[nodiscard]] base::ServerResponse metrics(const Notice& notice) const;

  const base::Clock& clock_;
  base::Log& log_;
  const Board& board_;
  MetricsPage metrics_;
  std::string address_;
  std::uint16_t port_;
  std::uint16_t bound_port_ = 0;  // set before the thread starts, or never
  bool failing_ = false;
  boost::asio::io_context io_;
  boost::asio::steady_timer retry_;
  base::HttpServer server_;
  std::thread thread_;
};

}  // namespace vipd::shell
