// Orders from the local socket (rules O1 to O3). A handover is written as the `request` key,
// which whoever holds carries out (rule E6), a pause as the `pause` key; both on a lease of
// their own. Resume and release are one transaction each.
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

void on(Turn& turn, const HandoverAsked& event);
void on(Turn& turn, const PauseAsked& event);
void on(Turn& turn, const ResumeAsked& event);
void on(Turn& turn, const ReleaseAsked& event);
bool on_order(Turn& turn, const LeaseGranted& event);
bool order_txn_done(Turn& turn, const TxnDone& event);
bool order_failed(Turn& turn, const EtcdFailed& event);
// Gives up those that etcd does not answer: whoever asked is waiting.
void keep_orders(Turn& turn);
void drop_orders(Turn& turn, const std::string& why);

}  // namespace vipd::core
