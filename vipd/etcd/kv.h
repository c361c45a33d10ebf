// Reads and transactions, and the local member's own state.
//
// Threads  The loop's. Every command is answered by its event or by EtcdFailed, never from
//          within carry_out().
#pragma once

#include "vipd/core/command.h"
#include "vipd/etcd/requests.h"

namespace vipd::etcd {

class Kv {
 public:
  explicit Kv(Requests& requests) : requests_(requests) {}

  void carry_out(const core::ReadKey& command);
  void carry_out(const core::ReadMember& command);
  void carry_out(const core::Txn& command);

 private:
  Requests& requests_;
};

}  // namespace vipd::etcd
