#include "tools/lab/node.h"

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "tools/lab/call.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

constexpr std::array kProcesses{"etcd", "apiserver", "vipd"};
// kubelet's graceful shutdown: 30 s, of which the last 10 s are the critical pods' (facts of
// Talos, 3.5). vipd's SIGTERM comes with the first phase, the apiserver's with the second.
constexpr Millis kFirstPhase{20000};
constexpr Millis kLastPhase{10000};
constexpr Millis kReadyEvery{200};
constexpr Millis kReadyPatience{60000};

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
    facts_ = {.plan = *plan,
              .generation = generation,
              .server = *server,
              .power = Power::kOff,
              .pids = {},
              .frozen = {},
              .cuts = {},
              .etcd = {}};
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
  if (etcd.cluster.empty() && before.etcd.cluster.empty())  // recreate ended half-way
    return absl::FailedPreconditionError(
        fmt::format("{0} has joined no etcd cluster yet: `lab recreate {0}`", before.plan.name));
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
  if (auto on = must_be_on(); !on.ok()) return on;
  // An apiserver that does not answer cannot be told; the reboot goes on all the same.
  set_apiserver({{"cordoned", true}, {"shutting_down", true}}).IgnoreError();
  if (auto stopped = stop("vipd", kFirstPhase); !stopped.ok()) return stopped;
  if (auto stopped = stop("apiserver", kLastPhase); !stopped.ok()) return stopped;
  if (auto stopped = stop("etcd", kLastPhase); !stopped.ok()) return stopped;
  if (auto off = power_off(); !off.ok()) return off;
  if (auto on = boot({}); !on.ok()) return on;
  return real_apiserver() ? uncordon_when_ready() : absl::OkStatus();  // apisim has forgotten it
}

absl::Status Node::uncordon_when_ready() {
  const auto back = until_ok("ready after the reboot", kReadyEvery, kReadyPatience,
                             [this] { return ready(); });
  return back.ok() ? set_apiserver({{"cordoned", false}}) : back;
}

}  // namespace vipd::lab
