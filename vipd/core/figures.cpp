#include "vipd/core/figures.h"

#include <algorithm>

namespace vipd::core {

void took(Turn& turn, const std::string& phase, Duration time) {
  const auto& tenure = turn.state.tenure;
  if (!tenure || tenure->cause == Cause::kAdoption || tenure->ever_verified) return;
  Took& took = turn.state.figures.phases[phase];
  took.within.resize(kPhaseBounds.size() + 1);
  const auto bound = std::lower_bound(kPhaseBounds.begin(), kPhaseBounds.end(), time);
  ++took.within[static_cast<std::size_t>(bound - kPhaseBounds.begin())];
  ++took.count;
  took.sum += time;
}

base::Json figures_json(const Figures& figures) {
  base::Json phases = base::Json::object();
  for (const auto& [phase, took] : figures.phases) {
    phases[phase] = {{"count", took.count},
                     {"sum", std::chrono::duration<double>(took.sum).count()},
                     {"within", took.within}};
  }
  return {{"moves", figures.moves}, {"drift", figures.drift}, {"phases", phases}};
}

}  // namespace vipd::core
