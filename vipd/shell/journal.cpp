#include "vipd/shell/journal.h"

#include <algorithm>

#include <fmt/format.h>

#include "vipd/shell/journal_line.h"

namespace vipd::shell {
namespace {

constexpr std::size_t kForGap = 128;  // kept free, so that a gap can always be told

}  // namespace

Journal::Journal(Limits limits) : limits_(limits) {
  // Written once now: what vipd will need it has from the start, and what grows later is a leak.
  for (Part& part : parts_) part.bytes = std::make_unique<char[]>(limits_.bytes);
}

void Journal::event(const core::Config& config, const core::State& state,
                    const core::Event& event, core::Now now) {
  const std::string line = entry_line(event, now);
  const bool full = parts_[newer_].entries >= limits_.entries ||
                    parts_[newer_].used + line.size() + kForGap > limits_.bytes;
  if (!open_ || full) begin_part(config, state);
  if (!open_) return;
  ++parts_[newer_].entries;
  if (!write(line)) close_part(fmt::format("an event of {} bytes did not fit", line.size()));
}

void Journal::commands(const std::vector<core::Command>& commands) {
  if (!open_ || commands.empty()) return;
  if (!write(did_line(digest_of(commands)))) close_part("the part was full");
}

void Journal::begin_part(const core::Config& config, const core::State& state) {
  const std::size_t next = 1 - newer_;
  parts_[next].used = 0;
  parts_[next].entries = 0;
  newer_ = next;
  open_ = true;
  const std::string head = head_line(config, state);
  if (!write(head)) close_part(fmt::format("a state of {} bytes did not fit", head.size()));
}

bool Journal::write(std::string_view line) {
  Part& part = parts_[newer_];
  const std::size_t used = part.used;
  if (used + line.size() + kForGap > limits_.bytes) return false;
  std::copy(line.begin(), line.end(), part.bytes.get() + used);
  part.used = used + line.size();
  return true;
}

void Journal::close_part(std::string_view why) {
  Part& part = parts_[newer_];
  const std::string line = gap_line(why);
  std::copy(line.begin(), line.end(), part.bytes.get() + part.used);
  part.used += line.size();
  open_ = false;
}

std::string Journal::text() const {
  const auto both = parts();
  return std::string(both[0]) + std::string(both[1]);
}

std::array<std::string_view, 2> Journal::parts() const {
  const Part& older = parts_[1 - newer_];
  const Part& newer = parts_[newer_];
  return {std::string_view(older.bytes.get(), older.used),
          std::string_view(newer.bytes.get(), newer.used)};
}

}  // namespace vipd::shell
