// The server that Hetzner names while nobody holds the leader key: whether it has first claim still
// (rules E13, E14).
#pragma once

#include <string>

#include "vipd/core/turn.h"

namespace vipd::core {

struct Claim {
  ServerId server = 0;   // that Hetzner names; 0: none
  bool certain = true;   // seen there, by anybody
  bool unknown = false;  // nothing has been read yet, or what was read is not as declared
  std::string why_not;
};
[[nodiscard]] Claim claim(const Turn& turn);

// Another claimant than before: what was seen of that one is forgotten.
void set_claimant(Turn& turn, ServerId server);
// Asks its apiserver, or Hetzner for its address, where that is due.
void ask_claimant(Turn& turn);
[[nodiscard]] bool claimant_is_gone(Turn& turn);

// True where the answer was a claimant's.
bool on_claimant(Turn& turn, const ReadyzAnswer& event);
bool on_claimant(Turn& turn, const ServerSeen& event);
bool claimant_failed(Turn& turn, const HcloudFailed& event);

}  // namespace vipd::core
