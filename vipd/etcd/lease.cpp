#include "vipd/etcd/lease.h"

#include <chrono>
#include <string>
#include <utility>

namespace vipd::etcd {
namespace {

namespace pb = etcdserverpb;

// RevokeLease brings no deadline of its own: nobody waits for it.
constexpr auto kRevokeWithin = std::chrono::milliseconds(300);

}  // namespace

Leases::Leases(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log,
               Calls& calls, Connection& connection, Requests& requests,
               std::function<void(core::Event)> post)
    : loop_(loop),
      clock_(clock),
      log_(log),
      calls_(calls),
      connection_(connection),
      requests_(requests),
      post_(std::move(post)) {}

void Leases::carry_out(const core::GrantLease& command) {
  pb::LeaseGrantRequest request;
  request.set_ttl(command.ttl.count());
  requests_.send(
      command.call, &Stubs::lease, &pb::Lease::StubInterface::async_interface::LeaseGrant, request,
      command.deadline,
      [call = command.call](const pb::LeaseGrantResponse& response,
                            base::Instant sent_at) -> core::Event {
        if (!response.error().empty()) {
          return core::EtcdFailed{.call = call,
                                  .unknown = false,
                                  .why = "etcd refused a lease: " + response.error(),
                                  .sent_at = sent_at};
        }
        return core::LeaseGranted{.call = call,
                                  .lease = response.id(),
                                  .ttl = std::chrono::seconds(response.ttl()),
                                  .sent_at = sent_at};
      });
}

void Leases::carry_out(const core::KeepLease& command) {
  const std::shared_ptr<Stubs> stubs = requests_.ready(command.call, command.deadline);
  if (!stubs) return;
  std::shared_ptr<KeepAlive>& stream = streams_[command.lease];
  // One that still waits for its answer may hang; that question ends by its own deadline.
  if (!stream || !stream->fit()) {
    stream = std::make_shared<KeepAlive>(loop_, clock_, calls_, stubs, command.lease);
  }
  stream->send(command.deadline, [this, stubs, call = command.call,
                                  lease = command.lease](const KeepAlive::Answer& answer) {
    if (answer.ttl.count() == 0) streams_.erase(lease);
    if (answer.status.ok()) {
      post_(core::LeaseKept{
          .call = call, .lease = lease, .ttl = answer.ttl, .sent_at = answer.sent_at});
    } else {
      post_(requests_.failure(call, *stubs, answer.status, answer.sent_at));
    }
  });
}

void Leases::carry_out(const core::RevokeLease& command) {
  streams_.erase(command.lease);
  const std::shared_ptr<Stubs> stubs = connection_.stubs();
  if (!stubs) return;  // it ends with its ttl
  pb::LeaseRevokeRequest request;
  request.set_id(command.lease);
  ask(calls_, clock_, stubs->lease.async(),
      &pb::Lease::StubInterface::async_interface::LeaseRevoke, request,
      clock_.now() + kRevokeWithin, [this, stubs](const auto& reply) {
        if (reply.status.ok()) return;
        log_.write(base::LogLevel::kWarn, "lease not revoked, it ends with its ttl",
                   {{"why", connection_.failed(*stubs, reply.status)}});
      });
}

void Leases::forget_streams() { streams_.clear(); }

}  // namespace vipd::etcd
