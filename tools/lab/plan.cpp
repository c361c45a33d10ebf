#include "tools/lab/plan.h"

#include <fmt/format.h>

namespace vipd::lab {

absl::StatusOr<NodePlan> plan_node(int index, int generation) {
  if (index < 1 || index > kMostNodes)
    return absl::OutOfRangeError(fmt::format("node {}: a lab has 1 to {}", index, kMostNodes));
  if (generation < 0 || generation >= kMostGenerations)
    return absl::OutOfRangeError(
        fmt::format("node cp-{} was created {} times, its addresses are used up: lab down, lab up",
                    index, generation));
  const int host = 10 * (generation + 1) + index;
  return NodePlan{
      .name = fmt::format("cp-{}", index),
      .public_v4 = fmt::format("198.18.1.{}", host),
      .public_v6 = fmt::format("2001:db8:a:{}::1", host),
      .public_v6_network = fmt::format("2001:db8:a:{}::/64", host),
      .private_v4 = fmt::format("10.0.1.{}", host),
      .public_link = fmt::format("pub{}", host),
      .private_link = fmt::format("net{}", host),
  };
}

}  // namespace vipd::lab
