// Sends packets where the cloud says: one route per Floating IP in this network namespace, through
// the server's link, or into a black hole where no server has the address.
//
// The kernel drops routes when a link goes down; on every link event all are set again. A route
// that cannot be set (its link is missing or down) becomes a black hole, as at Hetzner, where
// packets for a server that is off are lost.
//
// Errors   of single routes are logged, never hidden. Needs CAP_NET_ADMIN in the namespace.
// Threads  Loop thread only.
#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "absl/status/statusor.h"
#include "base/log.h"
#include "tools/lab/hcloudsim/simulator.h"

namespace vipd::hcloudsim {

class DataPlane final : public RouteSink {
 public:
  static absl::StatusOr<std::unique_ptr<DataPlane>> open(boost::asio::io_context& loop,
                                                         base::Log& log);
  ~DataPlane() override;

  void sync(const std::vector<FipRoute>& wanted) override;

 private:
  class Impl;
  explicit DataPlane(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace vipd::hcloudsim
