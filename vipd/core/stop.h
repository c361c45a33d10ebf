// SIGTERM (rules E18, A17, N4). A restart moves nothing; a node that goes down hands over.
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

void on(Turn& turn, const TermSignal& event);
void on(Turn& turn, const OwnNode& event);
bool stop_txn_done(Turn& turn, const TxnDone& event);
bool stop_failed(Turn& turn, CallId call);
void keep_stopping(Turn& turn);

}  // namespace vipd::core
