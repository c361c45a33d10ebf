// The core's hand in etcd: leases, transactions, reads, and the watch of one prefix.
//
// Threads  The loop's. gRPC's own threads only post onto it. `post` is never called from within
//          start() or carry_out(). Destroying it cancels what is under way, unanswered.
// Errors   EtcdFailed and EtcdWatchLost; their texts name endpoint, cause and next step. Wrong,
//          missing or half-written files are waited for.
// Rules    E21, E22, E23.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "vipd/core/command.h"
#include "vipd/core/event.h"
#include "vipd/etcd/credentials.h"

namespace vipd::etcd {

struct Options {
  std::vector<std::string> endpoints;  // "https://127.0.0.1:2379"; the first that works is used
  TlsFiles files;
  std::string prefix;  // core::Config::prefix()
};

class Adapter {
 public:
  Adapter(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log,
          Options options, std::function<void(core::Event)> post);
  ~Adapter();
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;

  // Reads the files, then lists and watches the prefix.
  void start();

  void carry_out(const core::GrantLease& command);
  void carry_out(const core::KeepLease& command);
  void carry_out(const core::RevokeLease& command);
  void carry_out(const core::ReadKey& command);
  void carry_out(const core::ReadMember& command);
  void carry_out(const core::Txn& command);
  void carry_out(const core::Relist& command);

 private:
  struct Parts;  // keeps gRPC's headers out of main()
  std::unique_ptr<Parts> parts_;
};

}  // namespace vipd::etcd
