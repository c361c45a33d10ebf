#include "tools/lab/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "tools/lab/plan.h"
#include "vipd/core/config_timing.h"
#include "vipd/shell/settings_table.h"

namespace vipd::lab {
namespace {

// As vipd will read them; the flag is named, not the file that the lab writes from it.
absl::Status validate_timing(const Setup& setup) {
  constexpr std::string_view kTiming = "timing.";
  const auto table = shell::settings_table();
  shell::Settings settings;
  const auto set = [&](const std::string& flag, const std::string& name, const std::string& value) {
    const auto row = std::find_if(table.begin(), table.end(), [&](const shell::Setting& each) {
      return each.path == std::string(kTiming) + name;
    });
    if (row != table.end()) {
      const auto read = row->set({value}, settings);
      return read.ok() ? read
                       : absl::InvalidArgumentError(
                             fmt::format("{}: {}", flag, std::string(read.message())));
    }
    std::string known;
    for (const auto& each : table)
      if (each.path.starts_with(kTiming)) known += " " + each.path.substr(kTiming.size());
    return absl::InvalidArgumentError(
        fmt::format("{}: vipd has no {}{}; there are{}", flag, kTiming, name, known));
  };
  if (auto read = set("--ttl", "ttl", setup.ttl); !read.ok()) return read;
  for (const auto& [name, value] : setup.timing) {
    if (name == "ttl") return absl::InvalidArgumentError("--timing ttl: it has a flag, --ttl");
    if (auto read = set("--timing " + name, name, value); !read.ok()) return read;
  }
  const auto problems = core::timing_problems(settings.core.timing);
  return problems.empty() ? absl::OkStatus() : absl::InvalidArgumentError(problems.front());
}

absl::Status validate(const Setup& setup) {
  if (setup.nodes != 1 && setup.nodes != 3 && setup.nodes != 5)
    return absl::InvalidArgumentError(
        fmt::format("{} nodes: etcd wants an odd number, 1, 3 or 5", setup.nodes));
  if (setup.route != "before" && setup.route != "with" && setup.route != "after")
    return absl::InvalidArgumentError(
        fmt::format("--route {}: before, with or after", setup.route));
  if (setup.latency_median_ms < 0 || setup.latency_p99_ms < setup.latency_median_ms)
    return absl::InvalidArgumentError("--latency-p99 must not be below --latency-median");
  if (setup.latency_median_ms == 0 && setup.latency_p99_ms > 0)
    return absl::InvalidArgumentError(
        "--latency-median 0s wants --latency-p99 0s too: an assign then takes no time at all");
  if (setup.seed < 0)
    return absl::InvalidArgumentError(fmt::format("--seed {}: a number from 0", setup.seed));
  bool fip_on_known = setup.fip_on.empty();
  for (int index = 1; index <= setup.nodes; ++index)
    fip_on_known = fip_on_known || plan_node(index, 0)->name == setup.fip_on;
  if (!fip_on_known)
    return absl::InvalidArgumentError(fmt::format("--fip-on {}: the nodes are cp-1 to cp-{}",
                                                  setup.fip_on, setup.nodes));
  return validate_timing(setup);
}

}  // namespace

base::Json Setup::json() const {
  return {{"nodes", nodes},
          {"ttl", ttl},
          {"v6", v6},
          {"route", route},
          {"latency_median_ms", latency_median_ms},
          {"latency_p99_ms", latency_p99_ms},
          {"seed", seed},
          {"fip_on", fip_on},
          {"vipd", vipd},
          {"timing", timing},
          {"ends_with", ends_with},
          {"bin", bin},
          {"kube_apiserver", kube_apiserver}};
}

absl::StatusOr<Setup> Setup::parse(const std::string& text) {
  const auto json = base::parse_json(text);
  if (!json.ok()) return json.status();
  Setup setup;
  setup.nodes = static_cast<int>(base::json_integer(*json, "nodes").value_or(setup.nodes));
  setup.ttl = base::json_text(*json, "ttl").value_or(setup.ttl);
  setup.v6 = base::json_bool(*json, "v6").value_or(setup.v6);
  setup.route = base::json_text(*json, "route").value_or(setup.route);
  setup.latency_median_ms =
      base::json_integer(*json, "latency_median_ms").value_or(setup.latency_median_ms);
  setup.latency_p99_ms = base::json_integer(*json, "latency_p99_ms").value_or(setup.latency_p99_ms);
  setup.seed = base::json_integer(*json, "seed").value_or(setup.seed);
  setup.fip_on = base::json_text(*json, "fip_on").value_or("");
  setup.vipd = base::json_bool(*json, "vipd").value_or(setup.vipd);
  setup.ends_with = base::json_integer(*json, "ends_with").value_or(0);
  setup.bin = base::json_text(*json, "bin").value_or("");
  setup.kube_apiserver = base::json_text(*json, "kube_apiserver").value_or("");
  if (json->contains("timing"))
    for (const auto& [key, value] : (*json)["timing"].items())
      if (value.is_string()) setup.timing[key] = value.get<std::string>();
  if (auto valid = validate(setup); !valid.ok()) return valid;
  return setup;
}

}  // namespace vipd::lab
