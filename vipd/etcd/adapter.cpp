#include "vipd/etcd/adapter.h"

#include <utility>

#include "vipd/etcd/calls.h"
#include "vipd/etcd/connection.h"
#include "vipd/etcd/kv.h"
#include "vipd/etcd/lease.h"
#include "vipd/etcd/requests.h"
#include "vipd/etcd/watch.h"

namespace vipd::etcd {

// Built in this order, destroyed in the other: calls end last.
struct Adapter::Parts {
  Parts(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log, Options options,
        const std::function<void(core::Event)>& post)
      : calls(loop),
        connection(loop, clock, log, calls, std::move(options.endpoints),
                   std::move(options.files)),
        requests(clock, calls, connection, post),
        kv(requests),
        leases(loop, clock, log, calls, connection, requests, post),
        watch(loop, clock, calls, connection, std::move(options.prefix), post) {}

  Calls calls;
  Connection connection;
  Requests requests;
  Kv kv;
  Leases leases;
  Watch watch;
};

Adapter::Adapter(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log,
                 Options options, std::function<void(core::Event)> post)
    : parts_(std::make_unique<Parts>(loop, clock, log, std::move(options), post)) {}

Adapter::~Adapter() = default;

void Adapter::start() {
  Parts& parts = *parts_;
  parts.connection.start([&parts] {
    parts.leases.forget_streams();
    parts.watch.restart();
  });
  // Bad news at once, so not from within start().
  if (!parts.connection.stubs()) parts.calls.on_loop([&parts] { parts.watch.restart(); });
}

void Adapter::carry_out(const core::GrantLease& command) { parts_->leases.carry_out(command); }
void Adapter::carry_out(const core::KeepLease& command) { parts_->leases.carry_out(command); }
void Adapter::carry_out(const core::RevokeLease& command) { parts_->leases.carry_out(command); }
void Adapter::carry_out(const core::ReadKey& command) { parts_->kv.carry_out(command); }
void Adapter::carry_out(const core::ReadMember& command) { parts_->kv.carry_out(command); }
void Adapter::carry_out(const core::Txn& command) { parts_->kv.carry_out(command); }
void Adapter::carry_out(const core::Relist&) {
  parts_->calls.on_loop([this] { parts_->watch.restart(); });
}

}  // namespace vipd::etcd
