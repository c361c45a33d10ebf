#include "tools/lab/apisim/etcd_watch.h"

#include "base/json.h"

namespace vipd::apisim {
namespace {

constexpr std::chrono::milliseconds kEvery{500};
constexpr std::chrono::seconds kPatience{2};

}  // namespace

EtcdWatch::EtcdWatch(boost::asio::io_context& loop, const base::Clock& clock, base::TlsClient tls)
    : clock_(clock), tls_(std::move(tls)), client_(loop, clock), timer_(loop) {}

void EtcdWatch::start() { ask(); }

void EtcdWatch::ask() {
  base::HttpRequest request;
  request.url = "https://127.0.0.1:2379/health";
  request.tls = tls_;
  request.deadline = clock_.now() + kPatience;
  client_.send(std::move(request), [this](const base::HttpResult& result) {
    judge(result);
    timer_.expires_after(kEvery);
    timer_.async_wait([this](auto error) {
      if (!error) ask();
    });
  });
}

// Source  etcd api/etcdhttp/metrics.go: {"health":"true"} with 200, else 503.
void EtcdWatch::judge(const base::HttpResult& result) {
  healthy_ = result.response.ok() && result.response->status == 200;
  if (healthy_)
    why_not_.clear();
  else
    why_not_ = result.response.ok() ? "etcd says: " + result.response->body
                                    : std::string(result.response.status().message());
}

}  // namespace vipd::apisim
