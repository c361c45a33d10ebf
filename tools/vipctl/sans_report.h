// What `vipctl sans check` found, as JSON (its shape: certsans/README.md).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "certsans/judgement.h"
#include "certsans/prober.h"

namespace vipd::vipctl {

// One server; `judged` is why not where it was not reached.
struct JudgedServer {
  certsans::Target target;
  absl::StatusOr<certsans::Judgement> judged;
};

inline constexpr int kSansShape = 1;  // version of the JSON

[[nodiscard]] base::Json wanted_json(const std::vector<certsans::Wanted>& wanted);

struct NextCommands {
  std::string file;    // vipd.yaml
  std::string render;  // brings what is missing
};

[[nodiscard]] base::Json sans_report(const std::vector<certsans::Wanted>& wanted,
                                     const std::vector<JudgedServer>& servers,
                                     const std::string& nodes_from, const NextCommands& next);

}  // namespace vipd::vipctl
