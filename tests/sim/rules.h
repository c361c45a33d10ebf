// Every rule of ARCHITECTURE.md, and how a run tells that it has met it: the core says so (kSaid),
// or what passes in the world shows it (kShown, see meter.h). What neither can tell a simulation
// is kElsewhere, with the reason. sim_test compares the list with ARCHITECTURE.md; a rule that is
// said though it is not to be counted fails the run.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace vipd::sim {

enum class How { kSaid, kShown, kElsewhere };

struct Rule {
  std::string_view id;
  How how = How::kSaid;
  std::string_view by = {};  // what shows it, or why nothing here can
};

inline constexpr std::array<Rule, 60> kRules = {{
    {"E1", How::kShown, "a transaction below the prefix commits; others are violations"},
    {"E2", How::kShown, "a server's second process registers as another instance"},
    {"E3"},
    {"E4"},
    {"E5", How::kShown, "a put of the leader key where it was absent commits"},
    {"E6"},
    {"E7", How::kShown, "several ready nodes could acquire, and the best by rank did"},
    {"E8"},
    {"E9", How::kShown, "a wrong certificate is seen, and the node reports unready for it"},
    {"E10", How::kShown, "/readyz fails 3 times while etcd has no leader; ready all along"},
    {"E11"},
    {"E12"},
    {"E13"},
    {"E14"},
    {"E15"},
    {"E16"},
    {"E17", How::kShown, "a takeover commits within the cool-down"},
    {"E18"},
    {"E19", How::kShown, "a call failed, and a later one of the same process is answered"},
    {"E20"},
    {"E21"},
    {"E22"},
    {"E23"},
    {"A1"},
    {"A2", How::kShown, "an assign leaves that is due 3 s after its guard left"},
    {"A3", How::kShown, "an assignment/ key commits with a compare on the leader's value"},
    {"A4", How::kShown, "a holder's lists follow each other after the regular interval"},
    {"A5"},
    {"A6"},
    {"A7", How::kShown, "a new holder lists each second where an older intent stood open"},
    {"A8", How::kShown, "a record is verified without a call in that tenure"},
    {"A9", How::kShown, "one of a group is verified while the other is not"},
    {"A10"},
    {"A11", How::kShown, "423, a question after the running action, and a list after it"},
    {"A12", How::kShown, "429, and the next request of that kind comes after the wait"},
    {"A13"},
    {"A14"},
    {"A15"},
    {"A16"},
    {"A17", How::kShown, "a giver that stops ends only after its successor has verified"},
    {"A18"},
    {"A19"},
    {"A20"},
    {"A21", How::kShown, "Hetzner switches to a successor, and both have the address"},
    {"N1", How::kShown, "a lease is lost, and the address is there a second later"},
    {"N2"},
    {"N3"},
    {"N4", How::kShown, "an unready holder has the address 3 s later"},
    {"N5"},
    {"N6"},
    {"N7", How::kElsewhere, "how the kernel is told: tests/netlink"},
    {"N8", How::kElsewhere, "a setting, the same for a whole group: tests/core/address_test"},
    {"N9", How::kShown, "a holder without quorum for longer than its ttl has the address"},
    {"N10", How::kShown, "after that it is on under its epoch, acquires anew, or yields"},
    {"O1", How::kShown, "a pause by order ends with its lease"},
    {"O2"},
    {"O3"},
    {"O4"},
    {"O5"},
    {"O6", How::kElsewhere, "told in the status only, decides nothing: tests/core/forecast_test"},
}};

}  // namespace vipd::sim
