// Is the local etcd able to serve? Asked every 500 ms at /health, 2 s patience, as
// kube-apiserver's own etcd check waits 2 s.
//
// Threads  Loop thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

#include "base/clock.h"
#include "base/http_client.h"

namespace vipd::apisim {

class EtcdWatch {
 public:
  EtcdWatch(boost::asio::io_context& loop, const base::Clock& clock, base::TlsClient tls);
  void start();
  [[nodiscard]] bool healthy() const { return healthy_; }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }

 private:
  void ask();
  void judge(const base::HttpResult& result);

  const base::Clock& clock_;
  base::TlsClient tls_;
  base::HttpClient client_;
  boost::asio::steady_timer timer_;
  bool healthy_ = false;
  std::string why_not_ = "not asked yet";
};

}  // namespace vipd::apisim
