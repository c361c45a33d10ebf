// The status as people read it: `vipd status`, `why`, `lease show`. Pure: JSON in, text out.
//
// Total: a missing or unexpected field shows as "-", so an older vipctl or daemon still works.
// Control characters in names and evidence are shown as '?': they must not reach a terminal.
#pragma once

#include <string>

#include "base/json.h"

namespace vipd::shell {

[[nodiscard]] std::string status_text(const base::Json& status);

// The gate with its evidence, the last moves with cause and rule, and what would happen if this
// node died now.
[[nodiscard]] std::string why_text(const base::Json& status);

// What `-o json` and `-o yaml` show of it: fields of the status, under the same names and with the
// same meaning (vipd/core/status.h), each always there.
//   why         node server instance state ready next holder paused problems gate moves
//               ifThisNodeDied
//   lease show  holder (null: nobody; .alive null: nobody can read the key) epoch
[[nodiscard]] base::Json why_part(const base::Json& status);
[[nodiscard]] base::Json leader_part(const base::Json& status);

// Who has the leader key, and whether that instance lives.
[[nodiscard]] std::string leader_text(const base::Json& status);

// One line: who holds, since when, and where each Floating IP stands.
[[nodiscard]] std::string holder_text(const base::Json& status);

}  // namespace vipd::shell
