// Who takes the leader key when nobody has it, or when its holder makes no progress
// (rules E5, E7, E13 to E17, A15).
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

bool on_election(Turn& turn, const ReadyzAnswer& event);
bool on_election(Turn& turn, const ServerSeen& event);
bool election_txn_done(Turn& turn, const TxnDone& event);
bool election_etcd_failed(Turn& turn, CallId call);
bool election_hcloud_failed(Turn& turn, const HcloudFailed& event);

// Notes that the leader key names somebody else than before: a move, or none.
void account_for_leader(Turn& turn);
void keep_election(Turn& turn);

}  // namespace vipd::core
