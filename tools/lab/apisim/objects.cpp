#include "tools/lab/apisim/objects.h"

#include <fmt/format.h>

#include <algorithm>

namespace vipd::apisim {

const char* mode_text(Switches::Mode mode) {
  switch (mode) {
    case Switches::Mode::kOk:
      return "ok";
    case Switches::Mode::kHang:
      return "hang";
    case Switches::Mode::kFail:
      return "500";
    case Switches::Mode::kSlow:
      return "slow";
  }
  return "";
}

Health health(const std::string& endpoint, const std::vector<Check>& checks, bool verbose) {
  const bool ok = std::all_of(checks.begin(), checks.end(), [](const Check& c) { return c.ok; });
  if (ok && !verbose) return {200, "ok"};
  std::string body;
  for (const auto& check : checks)
    body += check.ok ? fmt::format("[+]{} ok\n", check.name)
                     : fmt::format("[-]{} failed: reason withheld\n", check.name);
  body += fmt::format("{} check {}\n", endpoint, ok ? "passed" : "failed");
  return {ok ? 200 : 500, body};
}

base::Json node_object(const std::string& name, const Switches& switches) {
  base::Json ready = {{"type", "Ready"}};
  if (switches.node_shutting_down)
    ready.update(
        {{"status", "False"}, {"reason", "KubeletNotReady"}, {"message", "node is shutting down"}});
  else
    ready.update({{"status", "True"},
                  {"reason", "KubeletReady"},
                  {"message", "kubelet is posting ready status"}});
  base::Json spec = base::Json::object();
  if (switches.cordoned) spec["unschedulable"] = true;
  return {{"kind", "Node"},
          {"apiVersion", "v1"},
          {"metadata",
           {{"name", name},
            {"labels",
             {{"kubernetes.io/hostname", name}, {"node-role.kubernetes.io/control-plane", ""}}}}},
          {"spec", spec},
          {"status", {{"conditions", {ready}}}}};
}

base::Json version_object() {
  return {{"major", "1"},
          {"minor", "34"},
          {"gitVersion", "v1.34.0+apisim"},
          {"gitTreeState", "clean"},
          {"goVersion", ""},
          {"compiler", ""},
          {"platform", "linux/amd64"}};
}

base::Json status_object(int code, const std::string& reason, const std::string& message) {
  return {{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", base::Json::object()},
          {"status", "Failure"}, {"message", message}, {"reason", reason},
          {"code", code}};
}

}  // namespace vipd::apisim
