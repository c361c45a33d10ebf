// The prefix as etcd has it: a list, then every change, and a list again after any doubt.
//
// Order    EtcdSnapshot, then EtcdChanged in the order of their revisions. EtcdWatchLost once per
//          loss (again only with another reason); the next snapshot ends it.
// Silence  Every 5 s etcd is asked for the watch's progress and has 2 s to say anything at all:
//          that finds a frozen etcd in 7 s where gRPC's pings, not allowed under 5 s, need 15,
//          and unlike a list in between it brings no second, older view of the keys. etcd 3.6
//          says nothing to a watch that begins in the future (its server's progressIfSync), so
//          ours begins at the list's own revision.
// Threads  The loop's.
// Source   etcd api/etcdserverpb/rpc.proto, Watch; api/v3rpc/rpctypes/metadatafields.go
//          ("hasleader"): the server then ends the stream when it has no leader.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "vipd/core/event.h"
#include "vipd/etcd/calls.h"
#include "vipd/etcd/connection.h"
#include "vipd/etcd/stream.h"

namespace vipd::etcd {

class Watch {
 public:
  Watch(boost::asio::io_context& loop, const base::Clock& clock, Calls& calls,
        Connection& connection, std::string prefix, std::function<void(core::Event)> post);

  // Forgets the watch, if any, and lists now.
  void restart();

 private:
  using Wire = Stream<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse>;

  void listed(const std::shared_ptr<Stubs>& stubs,
              const Reply<etcdserverpb::RangeResponse>& reply);
  void open(const std::shared_ptr<Stubs>& stubs);
  void got(const etcdserverpb::WatchResponse& response);
  void lost(std::string why);
  void after(std::chrono::milliseconds wait, void (Watch::*what)());
  void ask_progress();
  void silent();

  const base::Clock& clock_;
  Calls& calls_;
  Connection& connection_;
  const std::string prefix_;
  std::function<void(core::Event)> post_;
  boost::asio::steady_timer timer_;  // the next step: list, ask for progress, give up
  std::chrono::milliseconds backoff_;
  std::string lost_why_;    // empty while the watch stands
  core::Revision listed_ = 0;  // of the list; the watch begins there, what it repeats is dropped
  std::uint64_t turn_ = 0;  // what was started in an older one says nothing any more
  std::unique_ptr<Wire> stream_;
};

}  // namespace vipd::etcd
