// Our etcd lease, our nodes/ key and the local member's word (rules E2, E11, E21, E22).
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

void on(Turn& turn, const LeaseGranted& event);
void on(Turn& turn, const LeaseKept& event);
void on(Turn& turn, const KeyRead& event);
void on(Turn& turn, const MemberStatus& event);
// True where the call was one of the session's.
bool session_txn_done(Turn& turn, const TxnDone& event);
bool session_failed(Turn& turn, const EtcdFailed& event);

// Asks the local member how it is; writes nothing.
void ask_member(Turn& turn);
// Keeps lease, member status and nodes/ key going. Call after the gate is known.
void keep_session(Turn& turn);

// True where etcd has no leader or one younger than 3 s (rule E10).
[[nodiscard]] bool etcd_unsettled(Turn& turn);
[[nodiscard]] bool member_ok(Turn& turn);

}  // namespace vipd::core
