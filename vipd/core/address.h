// Which addresses stand on `lo` (rules N1 to N8). The assignment is the authority, not the
// presence of the address: it is on every ready node.
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

void on(Turn& turn, const AddressesSeen& event);
void on(Turn& turn, const NetlinkFailed& event);
void keep_addresses(Turn& turn);

}  // namespace vipd::core
