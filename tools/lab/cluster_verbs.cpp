#include <fmt/format.h>

#include <csignal>

#include "tools/lab/call.h"
#include "tools/lab/cluster.h"

namespace vipd::lab {
namespace {

constexpr Millis kGrace{20000};  // the pod's terminationGracePeriodSeconds
constexpr Millis kReady{60000};

std::string text(const base::Json& arguments, const char* name) {
  return base::json_text(arguments, name).value_or("");
}

}  // namespace

absl::StatusOr<Cluster::Seat*> Cluster::seat(const std::string& name) {
  for (const auto& place : seats_)
    if (place->node->plan().name == name) return place.get();
  return absl::NotFoundError(fmt::format("no node '{}': lab status lists them", name));
}

absl::StatusOr<base::Json> Cluster::carry_out(const std::string& verb,
                                              const base::Json& arguments) {
  if (verb.starts_with("probe-")) return probe(verb, arguments);
  const std::string name = text(arguments, "node");
  if (verb == "heal") {
    if (auto healed = heal(name); !healed.ok()) return healed;
    return base::Json::object();
  }
  const auto place = seat(name);
  if (!place.ok()) return place.status();
  if (verb == "move-etcd-leader") {  // touches the leader's node too, so it takes no turn
    if (auto on = (*place)->node->etcd_answers(); !on.ok()) return on;
    if (auto moved = membership_.move_leader(others(nullptr), name); !moved.ok()) return moved;
    return base::Json::object();
  }
  const std::lock_guard turn((*place)->turn);
  if (auto done = on_node(verb, *(*place)->node, arguments); !done.ok()) return done;
  return (*place)->node->status();
}

absl::Status Cluster::on_node(const std::string& verb, Node& node, const Arguments& arguments) {
  const std::string process = text(arguments, "process");
  if (verb == "kill") return node.power_off();
  if (verb == "revive") return node.boot({});
  if (verb == "delete") return node.erase();
  if (verb == "recreate") return recreate(node);
  if (verb == "reboot") return node.reboot();
  if (verb == "partition") return partition(node, arguments);
  if (verb == "stop-apiserver") return node.stop("apiserver", kGrace);
  if (verb == "kill-apiserver") return node.signal("apiserver", SIGKILL);
  if (verb == "start-apiserver")  // also ends what hang-, fail- and slow-apiserver began
    return node.set_apiserver({{"mode", "ok"}}).ok() ? absl::OkStatus() : node.start("apiserver");
  if (verb == "hang-apiserver") return node.set_apiserver({{"mode", "hang"}});
  if (verb == "fail-apiserver") return node.set_apiserver({{"mode", "500"}});
  if (verb == "slow-apiserver")
    return node.set_apiserver(
        {{"mode", "slow"}, {"delay_ms", base::json_integer(arguments, "delay_ms").value_or(2000)}});
  if (verb == "cordon") return node.set_apiserver({{"cordoned", true}});
  if (verb == "uncordon") return node.set_apiserver({{"cordoned", false}});
  if (verb == "start-vipd") return node.start("vipd");
  if (verb == "stop-vipd") return node.stop("vipd", kGrace);
  if (verb == "kill-vipd") return node.signal("vipd", SIGKILL);
  if (verb == "restart-vipd") {
    const auto stopped = node.stop("vipd", kGrace);
    return stopped.ok() ? node.start("vipd") : stopped;
  }
  if (verb == "start-etcd") return node.start("etcd");
  if (verb == "stop-etcd") return node.stop("etcd", kGrace);
  if (verb == "kill-etcd") return node.signal("etcd", SIGKILL);
  if (verb == "freeze") return node.signal(process, SIGSTOP);
  if (verb == "thaw") return node.signal(process, SIGCONT);
  if (verb == "wait-ready") {
    if (auto on = node.must_be_on(); !on.ok()) return on;
    return until_ok("wait-ready", Millis(50),
                    Millis(base::json_integer(arguments, "within_ms").value_or(kReady.count())),
                    [&] { return node.ready(); });
  }
  return absl::InvalidArgumentError(fmt::format("no verb '{}': lab --help lists them", verb));
}

// etcd adds a member only while all others answer (etcd 3.4, etcdserver: mayAddMember), and
// changes nothing without a quorum. Deleted ones are removed with the node's own.
absl::Status Cluster::etcd_spares(const Node& node) {
  std::size_t left = 0;
  std::string deleted;
  for (const auto& place : seats_) {
    const Node& other = *place->node;
    if (&other == &node) continue;
    if (other.power() == Node::Power::kDeleted) {
      deleted = other.plan().name;
      continue;
    }
    if (auto answers = other.etcd_answers(); !answers.ok())
      return {answers.code(), fmt::format("{} stays as it is, etcd would take no new member: {}",
                                          node.plan().name, std::string(answers.message()))};
    ++left;
  }
  const auto voters = membership_.voters(others(nullptr));
  if (!voters.ok()) return voters.status();
  const std::size_t quorum = *voters / 2 + 1;
  if (left >= quorum) return absl::OkStatus();
  const bool others_first = left + 1 >= quorum && !deleted.empty() && node.etcd_answers().ok();
  return absl::FailedPreconditionError(
      fmt::format("{} stays as it is, without it etcd has no quorum ({} of {}): {}",
                  node.plan().name, left, *voters,
                  others_first ? fmt::format("`lab recreate {}` first", deleted)
                               : "etcd cannot take another in, only `lab down` and `lab up` help"));
}

// As an operator and Talos do it: the dead member goes, the new node joins as a learner, boots,
// and votes once it has caught up.
absl::Status Cluster::recreate(Node& node) {
  if (auto able = etcd_spares(node); !able.ok()) return able;
  if (node.power() != Node::Power::kDeleted)
    if (auto erased = node.erase(); !erased.ok()) return erased;
  const auto through = others(&node);
  if (auto made = node.create(node.generation() + 1); !made.ok()) return made;
  std::vector<std::string> dead{node.plan().name};
  for (const auto& place : seats_)
    if (place->node->power() == Node::Power::kDeleted) dead.push_back(place->node->plan().name);
  const auto cluster = membership_.replace(through, dead, node.plan());
  if (!cluster.ok()) return cluster.status();
  if (auto booted = node.boot({*cluster, true}); !booted.ok()) return booted;
  if (auto voted = membership_.promote(through, node.plan().name); !voted.ok()) return voted;
  // A real kube-apiserver ends over a learner ("rpc not supported for learner"); a kubelet would
  // start it again.
  return node.still_runs("apiserver").ok() ? absl::OkStatus() : node.start("apiserver");
}

absl::Status Cluster::partition(Node& node, const Arguments& arguments) {
  const auto cut = parse_cut(text(arguments, "from"));
  if (!cut.ok()) return cut.status();
  auto cuts = node.cuts();
  cuts.insert(*cut);
  return node.set_cuts(cuts);
}

absl::Status Cluster::heal(const std::string& name) {
  if (!name.empty())
    if (auto known = seat(name); !known.ok()) return known.status();
  for (const auto& place : seats_) {
    if (!name.empty() && place->node->plan().name != name) continue;
    const std::lock_guard turn(place->turn);
    if (place->node->cuts().empty()) continue;
    if (auto healed = place->node->set_cuts({}); !healed.ok()) return healed;
  }
  return absl::OkStatus();
}

absl::StatusOr<base::Json> Cluster::probe(const std::string& verb, const Arguments& arguments) {
  if (verb == "probe-start") {
    const std::string every = text(arguments, "every");
    if (auto started = probes_.start(every.empty() ? "10ms" : every); !started.ok()) return started;
    return base::Json::object();
  }
  if (verb == "probe-summary") return probes_.summary();
  if (verb == "probe-stop") return probes_.stop();
  return absl::InvalidArgumentError(fmt::format("no verb '{}'", verb));
}

}  // namespace vipd::lab
