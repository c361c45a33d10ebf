// What the core says becomes one log line per decision.
#pragma once

#include "base/log.h"
#include "vipd/core/command.h"

namespace vipd::shell {

class Voice {
 public:
  explicit Voice(base::Log& log) : log_(log) {}
  void carry_out(const core::Say& say);

 private:
  base::Log& log_;
};

}  // namespace vipd::shell
