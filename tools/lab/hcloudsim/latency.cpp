#include "tools/lab/hcloudsim/latency.h"

#include <cmath>

namespace vipd::hcloudsim {

Milliseconds Latency::draw(Random& random) const {
  if (fixed) return *fixed;
  constexpr double kP99InSigmas = 2.3263478740408408;
  const double mu = std::log(static_cast<double>(median.count()));
  const double sigma = (std::log(static_cast<double>(p99.count())) - mu) / kP99InSigmas;
  std::lognormal_distribution<double> distribution(mu, sigma);
  return Milliseconds(std::llround(distribution(random)));
}

Milliseconds draw_between(Milliseconds least, Milliseconds most, Random& random) {
  std::uniform_int_distribution<Milliseconds::rep> distribution(least.count(), most.count());
  return Milliseconds(distribution(random));
}

}  // namespace vipd::hcloudsim
