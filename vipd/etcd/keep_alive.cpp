#include "vipd/etcd/keep_alive.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace vipd::etcd {

namespace pb = etcdserverpb;

KeepAlive::KeepAlive(boost::asio::io_context& loop, const base::Clock& clock, Calls& calls,
                     std::shared_ptr<Stubs> stubs, core::LeaseId lease)
    : clock_(clock),
      calls_(calls),
      stubs_(std::move(stubs)),
      lease_(lease),
      timer_(loop),
      stream_(calls,
              {[this](const pb::LeaseKeepAliveResponse& response) { got(response); },
               [this](const grpc::Status& status) { ended(status); }},
              [this](grpc::ClientContext* context, auto* reactor) {
                stubs_->lease.async()->LeaseKeepAlive(context, reactor);
              }) {}

void KeepAlive::send(base::Instant deadline, std::function<void(const Answer&)> done) {
  pb::LeaseKeepAliveRequest request;
  request.set_id(lease_);
  asked_ = Asked{clock_.now(), std::move(done)};
  stream_.send(std::move(request));
  timer_.expires_after(deadline - asked_->sent_at);
  timer_.async_wait(calls_.while_alive(
      [self = shared_from_this(), question = ++question_](boost::system::error_code error) {
        // A handler that was due already is not stopped by cancel().
        if (error || question != self->question_ || !self->asked_) return;
        self->ended(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, ""));
      }));
}

void KeepAlive::got(const pb::LeaseKeepAliveResponse& response) {
  answer(grpc::Status::OK, std::chrono::seconds(std::max<std::int64_t>(response.ttl(), 0)));
}

void KeepAlive::ended(const grpc::Status& status) {
  ended_ = true;
  // A server may end a stream with OK; for a question left open that is no answer.
  answer(status.ok() ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream was closed")
                     : status,
         std::chrono::seconds(0));
}

void KeepAlive::answer(const grpc::Status& status, std::chrono::seconds ttl) {
  if (!asked_) return;
  const auto self = shared_from_this();  // done() may drop the last one
  const Asked asked = *std::exchange(asked_, std::nullopt);
  timer_.cancel();
  asked.done({.status = status, .ttl = ttl, .sent_at = asked.sent_at});
}

}  // namespace vipd::etcd
