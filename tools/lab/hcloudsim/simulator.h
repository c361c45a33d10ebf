// A running simulated Hetzner Cloud: the world of world.h behind an API listener, metadata
// listeners and an admin socket, on one loop. Usable inside a test as in the program.
//
// Threads  Loop thread only. May be destroyed with requests under way.
// Time     The world goes by the clock handed in; timers by the loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/http_server.h"
#include "tools/lab/hcloudsim/world.h"

namespace vipd::hcloudsim {

// Takes the routes of all Floating IPs, whenever one changes.
class RouteSink {
 public:
  virtual ~RouteSink() = default;
  virtual void sync(const std::vector<FipRoute>& wanted) = 0;
};

class Simulator {
 public:
  // `routes` may be null: nothing moves packets then.
  Simulator(boost::asio::io_context& loop, const base::Clock& clock, std::uint64_t seed,
            RouteSink* routes = nullptr);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  // Without TLS: plain HTTP. Port 0: any; the port bound is returned.
  absl::StatusOr<std::uint16_t> listen_api(const std::string& address, std::uint16_t port,
                                           std::optional<base::TlsServer> tls = std::nullopt);
  // May be called often. `as_server`: whoever asks here is that server, whatever its address.
  absl::StatusOr<std::uint16_t> listen_metadata(const std::string& address, std::uint16_t port,
                                                std::optional<Id> as_server = std::nullopt);
  absl::Status listen_admin(const std::string& socket);
  absl::Status write_audit_to(const std::string& path);

  // What the admin socket does, without one. The body is {} where the endpoint needs none.
  base::ServerResponse admin(const std::string& method, const std::string& target,
                             const base::Json& body = base::Json::object());
  // To look at. Changes go through admin(), which tells the timers and the routes.
  [[nodiscard]] const World& world() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace vipd::hcloudsim
