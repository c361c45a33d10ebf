// What servers really show: TLS handshakes with all of them at the same time, no request sent.
//
// Identity is not checked here (judgement.h does), so no credentials are needed: in TLS 1.3 a
// server has shown its certificate before it asks for ours (facts/talos.md 4.1).
// Threads  Loop thread only. `done` is called once, on the loop, never from within look(); never
//          where the prober is destroyed first.
// Errors   in Sight::shown, base::HttpClient's: what could not be reached, and why.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "absl/status/statusor.h"
#include "base/http_client.h"

namespace vipd::certsans {

enum class Service { kApiserver, kApid };

struct Target {
  Service service = Service::kApiserver;
  std::string host;  // address or DNS name
  std::uint16_t port = 0;
  bool is_stable = false;  // the stable endpoint, not one node's
  friend bool operator==(const Target&, const Target&) = default;
};

struct Sight {
  Target target;
  absl::StatusOr<base::TlsHandshake> shown;
};

class Prober {
 public:
  Prober(boost::asio::io_context& loop, const base::Clock& clock);

  // In the order of `targets`. Each has until `deadline`.
  void look(std::vector<Target> targets, base::Instant deadline,
            std::function<void(std::vector<Sight>)> done);

 private:
  boost::asio::io_context& loop_;
  base::HttpClient client_;
};

// "apiserver", "apid"
[[nodiscard]] std::string text_of(Service service);

}  // namespace vipd::certsans
