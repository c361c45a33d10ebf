// Orders from the local socket: an operator asks for a handover (rule E6). The order is written
// as the `request` key; whoever holds carries it out.
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

void on(Turn& turn, const HandoverAsked& event);
// Gives up those that etcd does not answer: whoever asked is waiting.
void keep_orders(Turn& turn);
void drop_orders(Turn& turn, const std::string& why);
bool on_order(Turn& turn, const LeaseGranted& event);
bool order_txn_done(Turn& turn, const TxnDone& event);
bool order_failed(Turn& turn, const EtcdFailed& event);

}  // namespace vipd::core
