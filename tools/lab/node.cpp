#include "tools/lab/node.h"

#include <csignal>
#include <filesystem>

#include <fmt/format.h>

#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

constexpr std::array kProcesses{"etcd", "apiserver", "vipd"};
// kubelet's graceful shutdown: 30 s, of which the last 10 s are the critical pods' (facts of
// Talos, 3.5). vipd's SIGTERM comes with the first phase, the apiserver's with the second.
constexpr Millis kFirstPhase{20000};
constexpr Millis kLastPhase{10000};
constexpr Millis kApisimPatience{400};

const char* power_text(Node::Power power) {
  switch (power) {
    case Node::Power::kOn: return "on";
    case Node::Power::kOff: return "off";
    case Node::Power::kDeleted: return "deleted";
  }
  return "";
}

}  // namespace

Node::Facts Node::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}
std::set<Cut> Node::cuts() const { return facts().cuts; }
NodePlan Node::plan() const { return facts().plan; }
Node::Power Node::power() const { return facts().power; }
int Node::generation() const { return facts().generation; }
std::int64_t Node::server() const { return facts().server; }

absl::Status Node::create(int generation) {
  const auto plan = plan_node(index_, generation);
  if (!plan.ok()) return plan.status();
  if (auto linked = world_.links.add(*plan); !linked.ok()) return linked;
  const auto server = world_.hetzner.add_server(*plan);
  if (!server.ok()) return server.status();
  {
    const std::lock_guard lock(mutex_);
    facts_ = {.plan = *plan, .generation = generation, .server = *server, .power = Power::kOff,
              .pids = {}, .frozen = {}, .cuts = {}, .etcd = {}};
  }
  std::filesystem::create_directories(world_.layout.disk(plan->name));
  if (auto equipped = world_.pki.equip(*plan); !equipped.ok()) return equipped;
  return write_vipd_settings(world_.setup, world_.layout, *plan);
}

absl::Status Node::boot(const EtcdStart& etcd) {
  const Facts before = facts();
  if (before.power != Power::kOff)
    return absl::FailedPreconditionError(
        fmt::format("{} is {}, not off", before.plan.name, power_text(before.power)));
  if (auto plugged = world_.links.plug(before.plan); !plugged.ok()) return plugged;
  {
    const std::lock_guard lock(mutex_);
    facts_.power = Power::kOn;
    if (!etcd.cluster.empty()) facts_.etcd = etcd;
  }
  if (auto on = world_.hetzner.set_power(before.server, true); !on.ok()) return on;
  return start_all();
}

absl::Status Node::start_all() {
  for (const char* process : kProcesses) {
    if (process == std::string("vipd") && !world_.setup.vipd) continue;
    if (auto started = start(process); !started.ok()) return started;
  }
  return absl::OkStatus();
}

absl::Status Node::power_off() {
  const Facts before = facts();
  if (before.power != Power::kOn)
    return absl::FailedPreconditionError(
        fmt::format("{} is {}, not on", before.plan.name, power_text(before.power)));
  // The wires first: a power cut sends no FIN.
  if (auto dark = world_.links.unplug(before.plan); !dark.ok()) return dark;
  for (const auto& [process, pid] : before.pids) world_.children.signal(pid, SIGKILL);
  for (const auto& [process, pid] : before.pids)
    if (auto gone = world_.children.wait(pid, kLastPhase); !gone.ok()) return gone.status();
  if (auto healed =
          world_.links.cut(before.plan, {}, world_.layout.node(before.plan.name) + "/nft");
      !healed.ok())
    return healed;
  {
    const std::lock_guard lock(mutex_);
    facts_.pids.clear();
    facts_.frozen.clear();
    facts_.cuts.clear();
    facts_.power = Power::kOff;
  }
  return world_.hetzner.set_power(before.server, false);
}

absl::Status Node::erase() {
  const Facts before = facts();
  if (before.power == Power::kDeleted)
    return absl::FailedPreconditionError(fmt::format("{} is deleted already", before.plan.name));
  if (before.power == Power::kOn)
    if (auto off = power_off(); !off.ok()) return off;
  if (auto gone = world_.hetzner.delete_server(before.server); !gone.ok()) return gone;
  if (auto unlinked = world_.links.remove(before.plan); !unlinked.ok()) return unlinked;
  std::error_code error;
  std::filesystem::remove_all(world_.layout.node(before.plan.name), error);
  const std::lock_guard lock(mutex_);
  facts_.power = Power::kDeleted;
  facts_.server = 0;
  return error ? absl::InternalError("cannot remove the disk: " + error.message())
               : absl::OkStatus();
}

absl::Status Node::reboot() {
  const Facts before = facts();
  if (before.power != Power::kOn)
    return absl::FailedPreconditionError(before.plan.name + " is not on");
  // An apiserver that does not answer cannot be told; the reboot goes on all the same.
  const auto told = set_apiserver({{"cordoned", true}, {"shutting_down", true}});
  const std::string note = told.ok() ? "" : std::string(told.message());
  if (auto stopped = stop("vipd", kFirstPhase); !stopped.ok()) return stopped;
  if (auto stopped = stop("apiserver", kLastPhase); !stopped.ok()) return stopped;
  if (auto stopped = stop("etcd", kLastPhase); !stopped.ok()) return stopped;
  if (auto off = power_off(); !off.ok()) return off;
  return boot({});
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
  const Facts before = facts();
  if (before.power != Power::kOn)
    return absl::FailedPreconditionError(before.plan.name + " is not on: lab revive, lab recreate");
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
  const Facts before = facts();
  const auto found = before.pids.find(process);
  if (found == before.pids.end() || !world_.children.running(found->second))
    return absl::FailedPreconditionError(
        fmt::format("{} does not run on {}", process, before.plan.name));
  world_.children.signal(found->second, signal_number);
  if (signal_number == SIGKILL)
    return world_.children.wait(found->second, kLastPhase).status();
  const std::lock_guard lock(mutex_);
  if (signal_number == SIGSTOP) facts_.frozen.insert(process);
  if (signal_number == SIGCONT) facts_.frozen.erase(process);
  return absl::OkStatus();
}

absl::Status Node::stop(const std::string& process, Millis grace) {
  const Facts before = facts();
  const auto found = before.pids.find(process);
  if (found == before.pids.end() || !world_.children.running(found->second))
    return absl::OkStatus();
  world_.children.signal(found->second, SIGTERM);
  if (world_.children.wait(found->second, grace).ok()) return absl::OkStatus();
  return signal(process, SIGKILL);
}

absl::Status Node::set_cuts(const std::set<Cut>& cuts) {
  const Facts before = facts();
  if (before.power != Power::kOn)
    return absl::FailedPreconditionError(before.plan.name + " is not on");
  const std::string file = world_.layout.node(before.plan.name) + "/nft";
  if (auto done = world_.links.cut(before.plan, cuts, file); !done.ok()) return done;
  const std::lock_guard lock(mutex_);
  facts_.cuts = cuts;
  return absl::OkStatus();
}

absl::StatusOr<base::Json> Node::ask_apiserver(const std::string& method,
                                               const std::string& target,
                                               const base::Json& body) const {
  return call(method,
              fmt::format("unix:{}:{}", world_.layout.apisim_socket(facts().plan.name), target),
              body, kApisimPatience);
}

absl::Status Node::set_apiserver(const base::Json& change) {
  return ask_apiserver("PUT", "/switch", change).status();
}

absl::Status Node::ready() const {
  const auto answer = ask_apiserver("GET", "/state", nullptr);
  if (!answer.ok()) return answer.status();
  if (base::json_bool(*answer, "ready").value_or(false)) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("the apiserver of {} is not ready: {}", facts().plan.name, answer->dump()));
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
                    {"vipd_socket", world_.layout.disk(now.plan.name) + "/vipd/vipd.sock"}};
  const auto apiserver = processes.contains("apiserver") ? ask_apiserver("GET", "/state", nullptr)
                                                         : base::Json(nullptr);
  out["apiserver"] = apiserver.ok() ? *apiserver : base::Json(nullptr);
  return out;
}

}  // namespace vipd::lab
