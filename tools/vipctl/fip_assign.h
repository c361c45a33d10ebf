// `vipctl fip assign NODE --break-glass REASON`: the group's Floating IPs onto one control plane,
// by hand, for when vipd cannot. All of the group's, since a group moves as one.
//
// Refused     without a reason; while a holder answers (holder.h); for a Floating IP that the
//             daemon would not touch (rule A20); for a NODE that is not running or is no control
//             plane: it must carry the labels of endpoint.controlPlanes and have an address in
//             nodeSubnets, where those are given.
// Done        only what is not assigned there yet. Each assign's action is waited for and then
//             read back; 423 waits for the action that runs, 429 for the limit; after an answer
//             that leaves it open (409, 5xx, timeout) it is read, never repeated.
// Afterwards  a vipd that runs takes the key on NODE if it is ready there (rules E15, A18), and
//             else moves the addresses back (A19).
// REASON      goes into the output; nothing at Hetzner keeps it.
// JSON        {"version":1,"reason","node":{id,name},"floatingIps":[{id,ip,from,to,action}]};
//             action is null where nothing had to be done, or where Hetzner's answer was lost.
// Exit codes  0 fine (also: nothing to do), 1 refused, failed or not done in time, 2 wrong usage,
//             3 could not tell, 4 a holder answers.
#pragma once

#include <chrono>
#include <string>

#include "tools/vipctl/environment.h"
#include "tools/vipctl/fetch.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

struct FipAssign {
  std::string node;  // a server's name or id
  std::string reason;
  std::string format = "table";  // table, json, yaml
  Duration timeout = std::chrono::seconds(60);
};

int assign_floating_ips(const FipAssign& order, const shell::Settings& settings,
                        const Environment& around);

}  // namespace vipd::vipctl
