#include "vipd/shell/journal_line.h"

#include <fmt/format.h>

#include "vipd/shell/codec.h"

namespace vipd::shell {
namespace {

constexpr int kFormat = 1;

std::string line(const Json& json) { return json.dump() + "\n"; }

// FNV-1a, 64 bits: small, and the same everywhere. It guards against change, not malice.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

// The named member, or null.
const Json& member(const Json& object, const char* name) {
  static const Json kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

absl::StatusOr<JournalLine> read_head(const Json& json) {
  JournalHead head;
  if (member(json, "journal") != kFormat) return inside("journal", expected("format 1"));
  auto read = inside("version", from_json(member(json, "version"), head.version));
  if (read.ok()) read = inside("config", from_json(member(json, "config"), head.config));
  if (read.ok()) read = inside("state", from_json(member(json, "state"), head.state));
  if (!read.ok()) return read;
  return head;
}

absl::StatusOr<JournalLine> read_entry(const Json& json) {
  JournalEntry entry;
  auto read = inside("at", from_json(member(json, "at"), entry.now.at));
  if (read.ok()) read = inside("wall", from_json(member(json, "wall"), entry.now.wall.seconds));
  if (read.ok()) read = inside("event", from_json(member(json, "event"), entry.event));
  if (!read.ok()) return read;
  return entry;
}

absl::StatusOr<JournalLine> read_did(const Json& json) {
  JournalDid did;
  auto read = inside("did", from_json(member(json, "did"), did.commands));
  if (read.ok()) read = inside("digest", from_json(member(json, "digest"), did.digest));
  if (!read.ok()) return read;
  return did;
}

std::string named(const Json& json) {
  return fmt::format("{} {}", json.begin().key(), json.begin().value().dump());
}

}  // namespace

std::string head_line(const core::Config& config, const core::State& state) {
  return line({{"journal", kFormat},
               {"version", VIPD_VERSION},
               {"config", to_json(config)},
               {"state", to_json(state)}});
}

std::string entry_line(const core::Event& event, core::Now now) {
  return line({{"at", to_json(now.at)}, {"wall", now.wall.seconds}, {"event", to_json(event)}});
}

std::string did_line(const JournalDid& did) {
  return line({{"did", did.commands}, {"digest", did.digest}});
}

std::string gap_line(std::string_view why) { return line({{"gap", text_to_json(why)}}); }

JournalDid digest_of(const std::vector<core::Command>& commands) {
  return {commands.size(), fmt::format("{:016x}", fingerprint(to_json(commands).dump()))};
}

absl::StatusOr<JournalLine> read_journal_line(std::string_view text) {
  const auto json = base::parse_json(text);
  if (!json.ok()) return json.status();
  if (!json->is_object()) return expected("a JSON object");
  if (json->contains("event")) return read_entry(*json);
  if (json->contains("did")) return read_did(*json);
  if (json->contains("journal")) return read_head(*json);
  if (!json->contains("gap")) return expected("a line of a vipd journal");
  JournalGap gap;
  if (auto read = inside("gap", from_json((*json)["gap"], gap.why)); !read.ok()) return read;
  return gap;
}

base::Json state_json(const core::State& state) { return to_json(state); }

std::string event_text(const core::Event& event) { return named(to_json(event)); }

std::string command_text(const core::Command& command) { return named(to_json(command)); }

}  // namespace vipd::shell
