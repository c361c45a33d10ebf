// The core as the loop sees it: something that takes events and gives commands. The seam at
// which the loop is tested without the core.
//
// Threads  Loop thread only.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/json.h"
#include "vipd/core/status.h"
#include "vipd/core/step.h"
#include "vipd/shell/journal.h"

namespace vipd::shell {

class Machine {
 public:
  virtual ~Machine() = default;
  virtual std::vector<core::Command> step(const core::Event& event, core::Now now) = 0;
  [[nodiscard]] virtual std::optional<core::Instant> wake_at() const = 0;
  [[nodiscard]] virtual base::Json status(core::Now now) const = 0;
};

// The real one: the only owner of core::State. What reaches it is written to `journal` first.
class CoreMachine final : public Machine {
 public:
  CoreMachine(core::Config config, core::State first, Journal& journal)
      : config_(std::move(config)), state_(std::move(first)), journal_(journal) {}

  std::vector<core::Command> step(const core::Event& event, core::Now now) override {
    journal_.event(config_, state_, event, now);
    core::Step next = core::step(config_, std::move(state_), event, now);
    state_ = std::move(next.state);
    journal_.commands(next.commands);
    return std::move(next.commands);
  }
  [[nodiscard]] std::optional<core::Instant> wake_at() const override {
    return core::wake_at(state_);
  }
  [[nodiscard]] base::Json status(core::Now now) const override {
    return core::status_json(config_, state_, now);
  }

 private:
  core::Config config_;
  core::State state_;
  Journal& journal_;
};

}  // namespace vipd::shell
