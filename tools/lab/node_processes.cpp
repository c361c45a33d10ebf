// The processes of a node, one by one, and what status() says of them.
#include <fmt/format.h>

#include <csignal>

#include "base/file.h"
#include "tools/lab/kube_apiserver.h"
#include "tools/lab/node.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

constexpr Millis kKillPatience{10000};
constexpr Millis kApisimPatience{1000};

}  // namespace

const char* power_text(Node::Power power) {
  switch (power) {
    case Node::Power::kOn:
      return "on";
    case Node::Power::kOff:
      return "off";
    case Node::Power::kDeleted:
      return "deleted";
  }
  return "";
}

absl::Status Node::must_be_on() const {
  const Facts now = facts();
  if (now.power == Power::kOn) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{0} is {1}: `lab {2} {0}` first", now.plan.name, power_text(now.power),
                  now.power == Power::kOff ? "revive" : "recreate"));
}

absl::Status Node::etcd_answers() const {
  if (auto on = must_be_on(); !on.ok()) return on;
  const Facts now = facts();
  const auto refuse = [&](const char* what, const char* verb, const char* process) {
    return absl::FailedPreconditionError(fmt::format("etcd of {0} {1}: `lab {2} {0}{3}` first",
                                                     now.plan.name, what, verb, process));
  };
  const auto pid = now.pids.find("etcd");
  if (pid == now.pids.end() || !world_.children.running(pid->second))
    return refuse("does not run", "start-etcd", "");
  if (now.frozen.contains("etcd")) return refuse("is frozen", "thaw", " etcd");
  if (now.cuts.contains(Cut::kEtcd) || now.cuts.contains(Cut::kPeers))
    return refuse("is cut off", "heal", "");
  return absl::OkStatus();
}

absl::StatusOr<Program> Node::program(const std::string& process) const {
  const Facts now = facts();
  if (process == "etcd")
    return etcd_program(world_.layout, now.plan, now.etcd.cluster, now.etcd.existing);
  if (process == "apiserver") return apiserver_program(world_.setup, world_.layout, now.plan);
  if (process == "vipd") return vipd_program(world_.setup, world_.layout, now.plan);
  return absl::InvalidArgumentError(
      fmt::format("no process '{}' on a node: etcd, apiserver or vipd", process));
}

absl::Status Node::start(const std::string& process) {
  const auto wanted = program(process);
  if (!wanted.ok()) return wanted.status();
  if (auto on = must_be_on(); !on.ok()) return on;
  const Facts before = facts();
  const auto old = before.pids.find(process);
  if (old != before.pids.end() && world_.children.running(old->second))
    return absl::AlreadyExistsError(
        fmt::format("{} runs on {} already, pid {}", process, before.plan.name, old->second));
  const auto pid = world_.children.start(*wanted);
  if (!pid.ok()) return pid.status();
  const std::lock_guard lock(mutex_);
  facts_.pids[process] = *pid;
  facts_.frozen.erase(process);
  return absl::OkStatus();
}

absl::Status Node::signal(const std::string& process, int signal_number) {
  if (auto known = program(process); !known.ok()) return known.status();
  if (auto on = must_be_on(); !on.ok()) return on;
  const Facts before = facts();
  const auto found = before.pids.find(process);
  if (found == before.pids.end() || !world_.children.running(found->second))
    return absl::FailedPreconditionError(
        fmt::format("{} does not run on {}", process, before.plan.name));
  world_.children.signal(found->second, signal_number);
  if (signal_number == SIGKILL) return world_.children.wait(found->second, kKillPatience).status();
  const std::lock_guard lock(mutex_);
  if (signal_number == SIGSTOP) facts_.frozen.insert(process);
  if (signal_number == SIGCONT) facts_.frozen.erase(process);
  return absl::OkStatus();
}

absl::Status Node::stop(const std::string& process, Millis grace) {
  if (auto on = must_be_on(); !on.ok()) return on;
  const Facts before = facts();
  const auto found = before.pids.find(process);
  if (found == before.pids.end() || !world_.children.running(found->second))
    return absl::OkStatus();
  world_.children.signal(found->second, SIGTERM);
  if (world_.children.wait(found->second, grace).ok()) return absl::OkStatus();
  return signal(process, SIGKILL);
}

absl::Status Node::set_cuts(const std::set<Cut>& cuts) {
  if (auto on = must_be_on(); !on.ok()) return on;
  const Facts before = facts();
  const std::string file = world_.layout.node(before.plan.name) + "/nft";
  if (auto done = world_.links.cut(before.plan, cuts, file); !done.ok()) return done;
  const std::lock_guard lock(mutex_);
  facts_.cuts = cuts;
  return absl::OkStatus();
}

absl::StatusOr<base::Json> Node::ask_apiserver(const std::string& method, const std::string& target,
                                               const base::Json& body) const {
  return call(method,
              fmt::format("unix:{}:{}", world_.layout.apisim_socket(facts().plan.name), target),
              body, kApisimPatience);
}

absl::Status Node::set_apiserver(const base::Json& change) {
  if (auto on = must_be_on(); !on.ok()) return on;
  if (!real_apiserver()) return ask_apiserver("PUT", "/switch", change).status();
  if (const auto cordoned = base::json_bool(change, "cordoned"))
    return kube_apiserver::set_cordoned(world_.layout, facts().plan, *cordoned);
  return absl::UnimplementedError(
      "a real kube-apiserver has no such switch; use freeze, stop- or kill-apiserver");
}

absl::StatusOr<base::Json> Node::apiserver_state() const {
  return real_apiserver() ? kube_apiserver::state(world_.layout, facts().plan)
                          : ask_apiserver("GET", "/state", nullptr);
}

absl::Status Node::ready() const {
  const auto answer = apiserver_state();
  if (!answer.ok()) return answer.status();
  if (!base::json_bool(*answer, "ready").value_or(false))
    return absl::UnavailableError(
        fmt::format("the apiserver of {} is not ready: {}", facts().plan.name, answer->dump()));
  return real_apiserver() ? kube_apiserver::register_node(world_.layout, facts().plan)
                          : absl::OkStatus();
}

absl::Status Node::still_runs(const std::string& process) const {
  const Facts now = facts();
  const auto pid = now.pids.find(process);
  if (pid == now.pids.end() || world_.children.running(pid->second)) return absl::OkStatus();
  const std::string log = base::read_file(world_.layout.log(now.plan.name + "-" + process))
                              .value_or("");
  constexpr std::size_t kLastWords = 600;
  return absl::FailedPreconditionError(
      fmt::format("{} of {} has ended; its last words:\n{}", process, now.plan.name,
                  log.size() > kLastWords ? log.substr(log.size() - kLastWords) : log));
}

base::Json Node::status() const {
  const Facts now = facts();
  base::Json processes = base::Json::object();
  for (const auto& [process, pid] : now.pids)
    processes[process] = {{"pid", pid},
                          {"running", world_.children.running(pid)},
                          {"frozen", now.frozen.contains(process)}};
  base::Json cuts = base::Json::array();
  for (const Cut cut : now.cuts) cuts.push_back(cut_text(cut));
  base::Json out = {{"name", now.plan.name},
                    {"power", power_text(now.power)},
                    {"server", now.server},
                    {"generation", now.generation},
                    {"public_v4", now.plan.public_v4},
                    {"public_v6", now.plan.public_v6},
                    {"private_v4", now.plan.private_v4},
                    {"cuts", cuts},
                    {"processes", processes},
                    {"vipd_socket", world_.layout.vipd_socket(now.plan.name)}};
  const auto apiserver =
      processes.contains("apiserver") ? apiserver_state() : base::Json(nullptr);
  out["apiserver"] = apiserver.ok() ? *apiserver : base::Json(nullptr);
  return out;
}

}  // namespace vipd::lab
