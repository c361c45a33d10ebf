#include "vipd/etcd/watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "vipd/etcd/convert.h"

namespace vipd::etcd {
namespace {

namespace pb = etcdserverpb;
using std::chrono::milliseconds;

constexpr milliseconds kListWithin(300);
constexpr milliseconds kFirstBackoff(100);
constexpr milliseconds kMostBackoff(2'000);
constexpr milliseconds kAskProgressEvery(5'000);
constexpr milliseconds kLifeWithin(2'000);

}  // namespace

Watch::Watch(boost::asio::io_context& loop, const base::Clock& clock, Calls& calls,
             Connection& connection, std::string prefix, std::function<void(core::Event)> post)
    : clock_(clock),
      calls_(calls),
      connection_(connection),
      prefix_(std::move(prefix)),
      post_(std::move(post)),
      timer_(loop),
      backoff_(kFirstBackoff) {}

void Watch::restart() {
  timer_.cancel();
  stream_.reset();
  const std::uint64_t turn = ++turn_;
  const std::shared_ptr<Stubs> stubs = connection_.stubs();
  if (!stubs) return lost(connection_.problem());
  pb::RangeRequest request;
  request.set_key(prefix_);
  request.set_range_end(end_of_prefix(prefix_));
  ask(calls_, clock_, stubs->kv.async(), &pb::KV::StubInterface::async_interface::Range, request,
      clock_.now() + kListWithin, [this, stubs, turn](const auto& reply) {
        if (turn == turn_) listed(stubs, reply);
      });
}

void Watch::listed(const std::shared_ptr<Stubs>& stubs, const Reply<pb::RangeResponse>& reply) {
  if (!reply.status.ok()) return lost(connection_.failed(*stubs, reply.status));
  const core::Revision revision = reply.response.header().revision();
  core::EtcdSnapshot snapshot{.revision = revision, .keys = {}, .sent_at = reply.sent_at};
  for (const mvccpb::KeyValue& kv : reply.response.kvs()) {
    snapshot.keys.push_back(to_key_value(kv));
  }
  lost_why_.clear();
  listed_ = revision;
  post_(std::move(snapshot));
  open(stubs);
}

void Watch::open(const std::shared_ptr<Stubs>& stubs) {
  stream_ = std::make_unique<Wire>(
      calls_,
      Wire::Handlers{[this](const pb::WatchResponse& response) { got(response); },
                     [this, stubs](const grpc::Status& status) {
                       lost(connection_.failed(*stubs, status));
                     }},
      [stubs](grpc::ClientContext* context, auto* reactor) {
        context->AddMetadata("hasleader", "true");
        stubs->watch.async()->Watch(context, reactor);
      });
  pb::WatchRequest request;
  pb::WatchCreateRequest& create = *request.mutable_create_request();
  create.set_key(prefix_);
  create.set_range_end(end_of_prefix(prefix_));
  create.set_start_revision(listed_);
  stream_->send(std::move(request));
  after(kLifeWithin, &Watch::silent);
}

void Watch::got(const pb::WatchResponse& response) {
  if (response.canceled()) {
    return lost(response.compact_revision() > 0
                    ? absl::StrCat("etcd compacted its history up to revision ",
                                   response.compact_revision(), " before the watch had read it")
                    : absl::StrCat("etcd cancelled the watch: ", response.cancel_reason()));
  }
  backoff_ = kFirstBackoff;
  after(kAskProgressEvery, &Watch::ask_progress);
  core::EtcdChanged changed = to_changed(response);
  const auto is_listed = [&](const core::KeyChange& c) { return c.kv.mod_revision <= listed_; };
  std::erase_if(changed.changes, is_listed);
  if (!changed.changes.empty()) post_(std::move(changed));
}

void Watch::ask_progress() {
  pb::WatchRequest request;
  request.mutable_progress_request();
  stream_->send(std::move(request));
  after(kLifeWithin, &Watch::silent);
}

void Watch::silent() {
  lost(absl::StrCat("etcd's watch did not answer within ", kLifeWithin.count(), " ms"));
}

void Watch::lost(std::string why) {
  stream_.reset();
  after(backoff_, &Watch::restart);
  backoff_ = std::min(2 * backoff_, kMostBackoff);
  if (why == lost_why_) return;
  lost_why_ = why;
  post_(core::EtcdWatchLost{.why = std::move(why)});
}

void Watch::after(milliseconds wait, void (Watch::*what)()) {
  timer_.expires_after(wait);
  timer_.async_wait(calls_.while_alive([this, what, turn = ++turn_](auto error) {
    if (!error && turn == turn_) (this->*what)();
  }));
}

}  // namespace vipd::etcd
