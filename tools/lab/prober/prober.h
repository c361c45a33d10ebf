// New TCP connections to one address, one every so often: verified TLS, client certificate,
// GET /readyz, 1 s for all of it, never repeated.
//
// Threads  Loop thread.
// Output   every probe as a line of JSON in the results file, in the order they end; times are
//          CLOCK_BOOTTIME nanoseconds.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "tools/lab/prober/outages.h"

namespace vipd::prober {

struct Options {
  std::string url;
  base::TlsClient tls;
  std::chrono::nanoseconds every = std::chrono::milliseconds(10);
  std::string results;
};

// What an answer, or the lack of one, means; fills in outcome, connected, node and why.
[[nodiscard]] Probe classify(Probe probe, const base::HttpResult& result);

class Prober {
 public:
  Prober(boost::asio::io_context& loop, const base::Clock& clock, Options options);

  absl::Status start();
  // Starts no more; calls `done` with the summary when the last one has ended.
  void stop(std::function<void(base::Json)> done);
  [[nodiscard]] base::Json summary() const;

 private:
  void schedule();
  void launch();
  void ended(const Probe& probe);
  void finish_if_done();

  const base::Clock& clock_;
  const Options options_;
  base::HttpClient client_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> results_{nullptr, std::fclose};
  Outages outages_;
  base::Instant next_start_;
  std::uint64_t started_ = 0;
  std::uint64_t under_way_ = 0;
  std::uint64_t skipped_ = 0;  // starts that this machine was too slow for
  bool stopping_ = false;
  std::function<void(base::Json)> done_;
};

}  // namespace vipd::prober
