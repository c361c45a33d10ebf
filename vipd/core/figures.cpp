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
  // Those that have not happened too: an alert on an increase needs the 0 before the 1.
  base::Json moves = base::Json::object();
  for (int cause = 0; cause <= static_cast<int>(Cause::kShutdown); ++cause) {
    moves[std::string(name_of(static_cast<Cause>(cause)))] = 0;
  }
  moves.update(figures.moves);
  base::Json drift = {{"followed", 0}, {"repaired", 0}, {"reported", 0}};
  drift.update(figures.drift);
  return {{"moves", moves}, {"drift", drift}, {"phases", phases}};
}

}  // namespace vipd::core
