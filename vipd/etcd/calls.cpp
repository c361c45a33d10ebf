#include "vipd/etcd/calls.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>

namespace vipd::etcd {

Calls::Calls(boost::asio::io_context& loop) : loop_(loop), alive_(std::make_shared<bool>(true)) {}

Calls::~Calls() {
  const base::MutexLock lock(mutex_);
  for (const auto& [key, call] : under_way_) call->context.TryCancel();
  while (!under_way_.empty()) none_left_.wait(mutex_);
}

void Calls::began(std::unique_ptr<Call> call) {
  const base::MutexLock lock(mutex_);
  const Call* const key = call.get();
  under_way_.emplace(key, std::move(call));
}

void Calls::ended(const Call& call, std::function<void()> last) {
  const base::MutexLock lock(mutex_);
  auto node = under_way_.extract(&call);
  boost::asio::post(loop_, [owned = std::move(node.mapped()), last = std::move(last),
                            alive = std::weak_ptr<bool>(alive_)] {
    if (alive.lock()) last();
  });
  // Under the lock: the destructor may run as soon as it is released.
  if (under_way_.empty()) none_left_.notify_all();
}

void Calls::on_loop(std::function<void()> work) {
  boost::asio::post(loop_, while_alive(std::move(work)));
}

void set_deadline(grpc::ClientContext& context, base::Instant deadline, base::Instant now) {
  const auto left = std::max(deadline - now, base::Instant::duration::zero());
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                    gpr_time_from_nanos(left.count(), GPR_TIMESPAN)));
}

}  // namespace vipd::etcd
