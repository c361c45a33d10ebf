// Turns the core's state into the status that people and programs read, and notices changes.
//
// What only counts (a lease running down, a budget, the age of evidence) is no change: else
// every watcher would be woken, and status.json written, several times a second.
//
// Threads  Loop thread only; other threads read the Board.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/json.h"
#include "vipd/shell/board.h"
#include "vipd/shell/machine.h"

namespace vipd::shell {

class Publisher {
 public:
  // A status costs some 0.1 ms; twice a second keeps it out of sight, and people cannot tell.
  static constexpr std::chrono::milliseconds kPace{500};

  Publisher(const Machine& machine, Board& board) : machine_(machine), board_(board) {}

  // What a status shows beside what the core knows.
  void add(std::function<void(base::Json&)> more) { more_ = std::move(more); }
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  // After each turn of the loop: a sign of life, and a fresh status where the last is old.
  void turned(core::Now now);

  // The status of this moment with "change", the number that `?watch=` waits to see differ.
  base::Json refresh(core::Now now);

 private:
  const Machine& machine_;
  Board& board_;
  std::function<void()> changed_ = [] {};
  std::function<void(base::Json&)> more_ = [](base::Json&) {};
  base::Instant published_at_;
  std::uint64_t change_ = 0;
  base::Json digest_;
};

// The part of a status whose difference is a change.
[[nodiscard]] base::Json status_digest(base::Json status);

}  // namespace vipd::shell
