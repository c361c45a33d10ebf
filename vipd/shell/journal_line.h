// The lines of a journal: JSON, one thing a line. A head says where the core stood, each entry
// what reached it, and after it a digest of the commands that came of it (none: no line).
//
//   {"journal":1,"version":"0.1.0","config":{...},"state":{...}}
//   {"at":NS,"wall":S,"event":{"TlsAnswer":{"call":7,...}}}
//   {"did":2,"digest":"9e3779b97f4a7c15"}
//   {"gap":"an event of 3000000 bytes did not fit"}
//
// Secrets  there are none to write: no event, command or state carries a token or a key.
// Errors   read_journal_line() gives InvalidArgument that names the field; it takes any bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "vipd/core/step.h"

namespace vipd::shell {

struct JournalHead {
  std::string version;
  core::Config config;
  core::State state;
};
struct JournalEntry {
  core::Now now;
  core::Event event;
};
struct JournalDid {
  std::uint64_t commands = 0;
  std::string digest;
  friend bool operator==(const JournalDid&, const JournalDid&) = default;
};
struct JournalGap { std::string why; };

using JournalLine = std::variant<JournalHead, JournalEntry, JournalDid, JournalGap>;

// Each with its line feed.
[[nodiscard]] std::string head_line(const core::Config& config, const core::State& state);
[[nodiscard]] std::string entry_line(const core::Event& event, core::Now now);
[[nodiscard]] std::string did_line(const JournalDid& did);
[[nodiscard]] std::string gap_line(std::string_view why);

[[nodiscard]] JournalDid digest_of(const std::vector<core::Command>& commands);
absl::StatusOr<JournalLine> read_journal_line(std::string_view line);

// For people, and to compare.
[[nodiscard]] base::Json state_json(const core::State& state);
[[nodiscard]] std::string event_text(const core::Event& event);
[[nodiscard]] std::string command_text(const core::Command& command);

}  // namespace vipd::shell
