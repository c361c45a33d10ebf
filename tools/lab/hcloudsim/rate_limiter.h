// One token bucket per project or per API token: 3600 requests an hour, one back each second.
//
// Source  facts/hetzner-api.md 10.2. `reset` is when the bucket is full again, calibrated there
//         against two real answers.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"

namespace vipd::hcloudsim {

struct RateState {
  bool allowed = true;
  int limit = 0;
  int remaining = 0;
  std::int64_t full_in_seconds = 0;
};

class RateLimiter {
 public:
  // Takes one request out of the bucket `key`, if there is one left.
  RateState take(const std::string& key, base::Instant now);
  void set_remaining(const std::string& key, int remaining, base::Instant now);
  void set_limit(int limit, double refill_per_second);

 private:
  struct Bucket {
    double left = 0;
    base::Instant filled_at;
  };
  Bucket& fill(const std::string& key, base::Instant now);

  int limit_ = 3600;
  double refill_per_second_ = 1;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace vipd::hcloudsim
