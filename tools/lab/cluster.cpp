#include "tools/lab/cluster.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "tools/lab/call.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

constexpr Millis kReady{60000};

}  // namespace

Cluster::Cluster(Setup setup, Layout layout, Children& children, const base::Clock& clock)
    : setup_(std::move(setup)),
      layout_(std::move(layout)),
      children_(children),
      clock_(clock),
      links_(children),
      hetzner_(layout_.hetzner_socket()),
      membership_(layout_, clock_),
      probes_(setup_, layout_, children) {}

absl::Status Cluster::come_up() {
  if (auto built = links_.build_outside(); !built.ok()) return built;
  auto pki = Pki::create(layout_, clock_);
  if (!pki.ok()) return pki.status();
  pki_.emplace(*std::move(pki));
  world_.emplace(World{setup_, layout_, children_, links_, hetzner_, *pki_});
  if (auto started = children_.start(hcloudsim_program(setup_, layout_)); !started.ok())
    return started.status();
  if (auto prepared = hetzner_.prepare(setup_); !prepared.ok())
    return {prepared.code(),
            fmt::format("{} (see {})", std::string(prepared.message()), layout_.log("hcloudsim"))};
  return bring_nodes();
}

absl::Status Cluster::bring_nodes() {
  std::vector<std::string> members;
  std::optional<std::int64_t> holder;
  for (int index = 1; index <= setup_.nodes; ++index) {
    auto place = std::make_unique<Seat>();
    place->node = std::make_unique<Node>(*world_, index);
    if (auto made = place->node->create(0); !made.ok()) return made;
    const NodePlan plan = place->node->plan();
    members.push_back(plan.name + "=" + peer_url(plan));
    if (plan.name == setup_.fip_on) holder = place->node->server();
    seats_.push_back(std::move(place));
  }
  if (auto made = hetzner_.add_floating_ips(setup_, holder); !made.ok()) return made;
  const EtcdStart etcd{fmt::format("{}", fmt::join(members, ",")), false};
  for (const auto& place : seats_)
    if (auto booted = place->node->boot(etcd); !booted.ok()) return booted;
  for (const auto& place : seats_) {
    const auto ready = [&] { return place->node->ready(); };
    if (auto up = until_ok("node " + place->node->plan().name, Millis(100), kReady, ready);
        !up.ok())
      return up;
    if (auto runs = place->node->still_runs("vipd"); !runs.ok()) return runs;
  }
  return absl::OkStatus();
}

std::vector<NodePlan> Cluster::others(const Node* except) const {
  std::vector<NodePlan> plans;
  for (const auto& place : seats_)
    if (place->node.get() != except && place->node->power() == Node::Power::kOn)
      plans.push_back(place->node->plan());
  return plans;
}

base::Json Cluster::status() {
  base::Json nodes = base::Json::array();
  for (const auto& place : seats_) nodes.push_back(place->node->status());
  const auto hetzner = hetzner_.state();
  return {
      {"dir", layout_.dir},
      {"nodes", nodes},
      {"etcd", membership_.json(others(nullptr))},
      {"hetzner", hetzner.ok() ? *hetzner : base::Json(std::string(hetzner.status().message()))}};
}

}  // namespace vipd::lab
