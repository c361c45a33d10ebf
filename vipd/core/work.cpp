#include "vipd/core/work.h"

#include <algorithm>

namespace vipd::core {

Work* work_of(Turn& turn, Flight Work::* flight, CallId call, FipId* id) {
  if (!turn.state.tenure) return nullptr;
  for (auto& [fip, work] : turn.state.tenure->work) {
    if (!Turn::ends(work.*flight, call)) continue;
    if (id != nullptr) *id = fip;
    return &work;
  }
  return nullptr;
}

void read_again(Turn& turn, Work& work, Duration wait) {
  work.phase = Work::Phase::kReading;
  work.read_after = turn.now + wait;
}

Duration retry_wait(Turn& turn, const Work& work) {
  const Duration base = std::chrono::milliseconds(250) * (1 << std::min(work.failures, 6));
  return turn.between(base, base + base / 2);
}

}  // namespace vipd::core
