// The keepalive stream of one lease, with at most one question open on it.
//
// Threads    The loop's.
// Ownership  Shared: by whoever wants to ask again, and by an open question until its answer or
//            deadline.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "vipd/core/event.h"
#include "vipd/etcd/calls.h"
#include "vipd/etcd/channel.h"
#include "vipd/etcd/stream.h"

namespace vipd::etcd {

class KeepAlive : public std::enable_shared_from_this<KeepAlive> {
 public:
  struct Answer {
    grpc::Status status;
    std::chrono::seconds ttl{0};  // 0: the lease is gone
    base::Instant sent_at;
  };

  KeepAlive(boost::asio::io_context& loop, const base::Clock& clock, Calls& calls,
            std::shared_ptr<Stubs> stubs, core::LeaseId lease);

  // It may be asked: nothing is open on it, and it has not ended.
  [[nodiscard]] bool fit() const { return !ended_ && !asked_; }

  // `done` is called once, by the deadline; after a missed one the stream is not fit any more.
  void send(base::Instant deadline, std::function<void(const Answer&)> done);

 private:
  using Wire =
      Stream<etcdserverpb::LeaseKeepAliveRequest, etcdserverpb::LeaseKeepAliveResponse>;
  struct Asked {
    base::Instant sent_at;
    std::function<void(const Answer&)> done;
  };

  void got(const etcdserverpb::LeaseKeepAliveResponse& response);
  void ended(const grpc::Status& status);
  void answer(const grpc::Status& status, std::chrono::seconds ttl);

  const base::Clock& clock_;
  Calls& calls_;
  const std::shared_ptr<Stubs> stubs_;
  const core::LeaseId lease_;
  bool ended_ = false;
  std::uint64_t question_ = 0;
  std::optional<Asked> asked_;
  boost::asio::steady_timer timer_;
  Wire stream_;
};

}  // namespace vipd::etcd
