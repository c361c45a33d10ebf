// `vipd replay FILE`: steps a journal's events through the core of this program, prints what it
// said, did and became, and compares its commands with those that were recorded. Probes,
// keepalives and looks at etcd come some twenty times a second: they are told only where they
// changed something, or with `kAll`.
//
// Errors   Garbage and a line cut short are told with their number; the story up to there stands.
#pragma once

#include <iosfwd>
#include <string_view>

namespace vipd::shell {

// The exit code: 0 the same commands, 1 others, 3 not a whole journal.
enum class Telling { kNotable, kAll };
int replay(std::string_view journal, Telling telling, std::ostream& out, std::ostream& err);

}  // namespace vipd::shell
