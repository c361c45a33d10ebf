// What reached the core and when, in memory: the last minutes, ready to be replayed.
//
// Bound    Two parts, each with a head (config and state) and what came after; when the newer
//          one is full the older one is forgotten. So a dump always starts at a state from
//          which a replay can go on, and holds between one part and two.
// Order    An event is written before it is stepped: what crashes the core is in the journal.
// Threads  Loop thread only, but for parts(), which a signal handler may call: a line counts
//          only once it is whole.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vipd/core/step.h"

namespace vipd::shell {

class Journal {
 public:
  struct Limits {  // of a part
    std::size_t bytes;
    std::size_t entries;
  };
  // 4 to 8 minutes of a quiet vipd (130 kB a minute, measured). All of it is resident.
  static constexpr Limits kUsual{.bytes = 512 << 10, .entries = 20'000};

  explicit Journal(Limits limits);

  // Before the step, with the state it starts from.
  void event(const core::Config& config, const core::State& state, const core::Event& event,
             core::Now now);
  // After it.
  void commands(const std::vector<core::Command>& commands);

  [[nodiscard]] std::string text() const;
  // The older part, then the newer; views into memory that is never given back.
  [[nodiscard]] std::array<std::string_view, 2> parts() const;

 private:
  struct Part {
    std::unique_ptr<char[]> bytes;
    std::atomic<std::size_t> used{0};
    std::size_t entries = 0;
  };

  void begin_part(const core::Config& config, const core::State& state);
  bool write(std::string_view line);
  void close_part(std::string_view why);

  Limits limits_;
  std::array<Part, 2> parts_;
  std::atomic<std::size_t> newer_{0};
  bool open_ = false;  // the newer part takes more
};

}  // namespace vipd::shell
