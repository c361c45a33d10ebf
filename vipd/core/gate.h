// May this node hold the address? (rules E8 to E11)
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

// True where the probe was one of the gate's.
bool on_gate(Turn& turn, const ReadyzAnswer& event);
void on(Turn& turn, const TlsAnswer& event);
void on(Turn& turn, const CertificateSeen& event);

// Counts one answer: 3 misses to fall, 2 hits to rise.
void beat(Pulse& pulse, bool hit, const std::string& why);

// Sends the probes that are due and settles the verdict of this step.
void keep_gate(Turn& turn);

// True where the address stands on `lo` in a form that vipd accepts.
[[nodiscard]] bool on_node(const State& state, const IpAddress& address);

}  // namespace vipd::core
