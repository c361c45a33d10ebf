#include "tools/lab/hcloudsim/rate_limiter.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace vipd::hcloudsim {

RateLimiter::Bucket& RateLimiter::fill(const std::string& key, base::Instant now) {
  const double full = limit_;
  Bucket& bucket = buckets_.try_emplace(key, Bucket{full, now}).first->second;
  const double seconds = std::chrono::duration<double>(now - bucket.filled_at).count();
  bucket.left = std::min(full, bucket.left + seconds * refill_per_second_);
  bucket.filled_at = now;
  return bucket;
}

RateState RateLimiter::take(const std::string& key, base::Instant now) {
  Bucket& bucket = fill(key, now);
  RateState state;
  state.limit = limit_;
  state.allowed = bucket.left >= 1;
  if (state.allowed) bucket.left -= 1;
  state.remaining = static_cast<int>(bucket.left);
  const double missing = limit_ - state.remaining;
  state.full_in_seconds = static_cast<std::int64_t>(std::ceil(missing / refill_per_second_));
  return state;
}

void RateLimiter::set_remaining(const std::string& key, int remaining, base::Instant now) {
  fill(key, now).left = remaining;
}

void RateLimiter::set_limit(int limit, double refill_per_second) {
  limit_ = limit;
  refill_per_second_ = refill_per_second;
  buckets_.clear();
}

}  // namespace vipd::hcloudsim
