// Leases: grant, keep, revoke.
//
// Keeping  One stream per lease. An answer that misses its deadline costs the stream: etcd
//          hangs a keepalive for 7 s when another node, the leader, froze, and whatever is
//          asked behind it on the same stream hangs too (rule E21).
// Threads  The loop's. Answers never come from within carry_out().
// Source   etcd api/etcdserverpb/rpc.proto, LeaseKeepAliveResponse.TTL; 0: the lease is gone
//          (etcd api/v3rpc/lease.go).
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "vipd/core/command.h"
#include "vipd/etcd/calls.h"
#include "vipd/etcd/keep_alive.h"
#include "vipd/etcd/requests.h"

namespace vipd::etcd {

class Leases {
 public:
  Leases(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log, Calls& calls,
         Connection& connection, Requests& requests, std::function<void(core::Event)> post);

  void carry_out(const core::GrantLease& command);
  void carry_out(const core::KeepLease& command);
  void carry_out(const core::RevokeLease& command);

  // There is a new channel: keepalives asked from now on take it.
  void forget_streams();

 private:
  boost::asio::io_context& loop_;
  const base::Clock& clock_;
  base::Log& log_;
  Calls& calls_;
  Connection& connection_;
  Requests& requests_;
  std::function<void(core::Event)> post_;
  std::map<core::LeaseId, std::shared_ptr<KeepAlive>> streams_;
};

}  // namespace vipd::etcd
