// The local side: a unix socket (0600) for what the command line asks and orders.
//
//   GET  /status            the status of this moment
//   GET  /status?watch=N    the same, once its "change" is not N, at the latest after kWatch
//   GET  /journal           what `vipd replay` takes
//   POST /handover          {"to","off","by","reason"}
//   POST /pause             {"seconds","hard","by","reason"}
//   POST /resume            {"by"}
//   POST /release           {"holder","by"}: the leader key, if that instance has it
//
// An order is answered {"done","text"}: 200 where it was taken, 409 where it was refused.
//
// Threads  Loop thread only.
// Errors   A socket that cannot be bound is logged and tried again every kRetry (rule E19).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/http_server.h"
#include "base/json.h"
#include "base/log.h"
#include "vipd/core/command.h"

namespace vipd::shell {

// Where the answers to questions come from.
struct Answers {
  std::function<base::Json()> status;
  std::function<std::string()> journal;
};

class ControlServer {
 public:
  static constexpr std::chrono::seconds kWatch{25};  // the server closes an idle peer after 60 s
  static constexpr std::chrono::seconds kOrder{5};  // two calls to etcd, not a whole move
  static constexpr std::chrono::seconds kRetry{5};

  ControlServer(boost::asio::io_context& io, base::Log& log, std::string socket, Answers answers,
                std::function<void(core::Event)> post);

  void start();
  // The status has changed: answers those who watch.
  void changed();
  void carry_out(const core::OrderAnswer& answer);

 private:
  struct Waiting {
    base::Respond respond;
    boost::asio::steady_timer limit;
  };
  using WaitingRoom = std::map<core::CallId, Waiting>;

  void listen();
  void handle(const base::ServerRequest& request, base::Respond respond);
  void handle_status(std::string_view query, base::Respond respond);
  void handle_order(std::string_view path, const std::string& body, base::Respond respond);
  // Keeps the client waiting; `too_late` is its answer if nothing comes within `limit`.
  void keep(WaitingRoom& room, core::CallId id, base::Respond respond, std::chrono::seconds limit,
            std::function<base::ServerResponse()> too_late);

  boost::asio::io_context& io_;
  base::Log& log_;
  std::string socket_;
  Answers answers_;
  std::function<void(core::Event)> post_;
  WaitingRoom watchers_;
  WaitingRoom orders_;
  core::CallId last_id_ = 0;
  std::string said_;
  boost::asio::steady_timer retry_;
  base::HttpServer server_;
};

}  // namespace vipd::shell
