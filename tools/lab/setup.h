// What `lab up` was asked for; travels to the supervisor as JSON.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "base/json.h"

namespace vipd::lab {

struct Setup {
  int nodes = 3;
  std::string ttl = "5s";      // of vipd's etcd lease
  bool v6 = false;             // a second Floating IP, a /64
  std::string route = "with";  // when Hetzner moves it: before, with, after the action's end
  std::int64_t latency_median_ms = 1500;  // of an assign action
  std::int64_t latency_p99_ms = 10000;
  std::int64_t seed = 1;  // of what Hetzner draws
  std::string fip_on;     // node to which the Floating IPs are assigned at first
  bool vipd = true;       // false: --no-vipd
  std::map<std::string, std::string> timing;  // further settings for vipd.yaml's timing:
  std::int64_t ends_with = 0;  // a process (its pid out here) that the lab is not to outlive
  std::string bin;                            // folder of hcloudsim, apisim, prober, vipd
  std::string kube_apiserver;                 // a real one instead of apisim; empty: apisim

  [[nodiscard]] base::Json json() const;
  // InvalidArgument, naming the flag, for what the lab or vipd would not take.
  static absl::StatusOr<Setup> parse(const std::string& text);
};

}  // namespace vipd::lab
