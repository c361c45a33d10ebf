// A stand-in for kube-apiserver: TLS, client certificates, /readyz, /livez, /version, its Node.
//
// Like Talos' apiserver it runs with anonymous-auth=false: without a client certificate every
// path answers 401. Every answer says by X-Apisim-Node which node gave it.
//
// Threads  Loop thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/http_server.h"
#include "tools/lab/apisim/etcd_watch.h"
#include "tools/lab/apisim/objects.h"

namespace vipd::apisim {

struct Options {
  std::string node;
  std::string address = "::";
  std::uint16_t port = 6443;
  base::TlsServer tls;
  std::chrono::nanoseconds shutdown_delay = std::chrono::seconds(5);
};

class Apisim {
 public:
  // etcd_problem: empty where etcd serves. ended: the shutdown delay is over.
  Apisim(boost::asio::io_context& loop, Options options, std::function<std::string()> etcd_problem,
         std::function<void()> ended);

  absl::Status start();
  // As on SIGTERM: the `shutdown` check fails at once, the listener closes after the delay.
  void shut_down();

  absl::Status set(const Switches& switches);
  [[nodiscard]] const Switches& switches() const { return switches_; }
  [[nodiscard]] std::vector<Check> readyz() const;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void answer(const base::ServerRequest& request, const base::Respond& respond);
  [[nodiscard]] base::ServerResponse route(const base::ServerRequest& request) const;
  absl::Status hang();
  absl::Status listen();
  void accept_and_ignore();

  boost::asio::io_context& loop_;
  Options options_;
  std::function<std::string()> etcd_problem_;
  std::function<void()> ended_;
  Switches switches_;
  bool shutting_down_ = false;
  std::uint16_t port_;
  boost::asio::steady_timer delay_;
  boost::asio::ip::tcp::acceptor deaf_;  // open while it hangs
  base::HttpServer server_;
};

}  // namespace vipd::apisim
