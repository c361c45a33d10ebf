// The holder's work: every FIP of the group assigned to this server, verified, repaired
// (rules A1 to A21). One Work per FIP; what they share is the list read of reads.h.
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

// True where the call was the work's.
bool work_txn_done(Turn& turn, const TxnDone& event);
bool work_etcd_failed(Turn& turn, CallId call);
// After a good list: looks at what it says about each FIP.
void look_at_list(Turn& turn);

// After the mirror took it: a record of this tenure that somebody deleted, or overwrote with what
// nobody can read, is written again by keep_work().
void heed_lost_records(Turn& turn, const EtcdChanged& event);

void keep_work(Turn& turn);

}  // namespace vipd::core
