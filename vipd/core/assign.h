// The holder's work: every FIP of the group assigned to this server, verified, repaired
// (rules A1 to A21). One Work per FIP; what they share is the list read of reads.h.
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

// True where the call was the work's.
bool work_txn_done(Turn& turn, const TxnDone& event);
bool work_etcd_failed(Turn& turn, CallId call);
void on(Turn& turn, const AssignAccepted& event);
void on(Turn& turn, const ActionSeen& event);
void on(Turn& turn, const RunningFound& event);
bool work_hcloud_failed(Turn& turn, const HcloudFailed& event);
// After a good list: looks at what it says about each FIP.
void look_at_list(Turn& turn);

// Begins a tenure when the leader key has come to name us, ends it when it no longer does.
void keep_tenure(Turn& turn);
void keep_work(Turn& turn);

[[nodiscard]] bool all_verified(const Turn& turn);
// A holder that cannot finish must pass the key on (rule A16).
[[nodiscard]] bool cannot_finish(Turn& turn);

}  // namespace vipd::core
