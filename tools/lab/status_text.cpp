#include "tools/lab/status_text.h"

#include <fmt/format.h>

namespace vipd::lab {
namespace {

std::string process_text(const base::Json& processes, const char* name) {
  if (!processes.contains(name)) return "-";
  const auto& process = processes[name];
  if (!process.value("running", false)) return "ended";
  return process.value("frozen", false) ? "frozen" : "runs";
}

std::string apiserver_text(const base::Json& node) {
  const std::string process = process_text(node["processes"], "apiserver");
  if (process != "runs" || !node["apiserver"].is_object()) return process;
  return node["apiserver"].value("ready", false) ? "ready" : "not ready";
}

}  // namespace

std::string status_text(const base::Json& status) {
  if (status.value("phase", "") != "up") return "coming up\n";
  std::string out =
      fmt::format("{:<6} {:<8} {:<8} {:<15} {:<12} {:<8} {:<10} {:<7} {}\n", "NODE", "POWER",
                  "SERVER", "PUBLIC", "PRIVATE", "ETCD", "APISERVER", "VIPD", "CUT FROM");
  const auto leader = status["etcd"]["leader"];
  for (const auto& node : status["nodes"]) {
    const std::string etcd = process_text(node["processes"], "etcd");
    const bool leads = etcd == "runs" && leader == node["name"];
    std::string cuts;
    for (const auto& cut : node["cuts"]) cuts += cut.get<std::string>() + " ";
    out += fmt::format("{:<6} {:<8} {:<8} {:<15} {:<12} {:<8} {:<10} {:<7} {}\n",
                       node["name"].get<std::string>(), node["power"].get<std::string>(),
                       node["server"].get<std::int64_t>(), node["public_v4"].get<std::string>(),
                       node["private_v4"].get<std::string>(), leads ? "leads" : etcd,
                       apiserver_text(node), process_text(node["processes"], "vipd"), cuts);
  }
  return out;
}

}  // namespace vipd::lab
