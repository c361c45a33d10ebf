// One simulated Hetzner Cloud without its sockets: all state, and the functions over it.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "tools/lab/hcloudsim/api.h"
#include "tools/lab/hcloudsim/audit.h"
#include "tools/lab/hcloudsim/calendar.h"
#include "tools/lab/hcloudsim/faults.h"
#include "tools/lab/hcloudsim/metadata.h"
#include "tools/lab/hcloudsim/model.h"
#include "tools/lab/hcloudsim/rate_limiter.h"
#include "tools/lab/hcloudsim/tokens.h"

namespace vipd::hcloudsim {

struct World {
  World(std::uint64_t seed, base::Instant now, base::WallTime wall)
      : calendar(now, wall), model(seed), audit(calendar), api(model, tokens, rate, calendar) {}

  Calendar calendar;
  Model model;
  Tokens tokens;
  RateLimiter rate;
  Faults faults;
  Metadata metadata;
  Audit audit;
  Api api;
  std::set<std::string> projects;
  // How long an answer takes, evenly from least to most; actions take their time apart from this.
  Milliseconds answer_least{20};
  Milliseconds answer_most{80};
};

}  // namespace vipd::hcloudsim
