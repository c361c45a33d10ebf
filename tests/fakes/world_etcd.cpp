// etcd's leader where it follows from members and links (World::elections), its snapshots
// and its watches.
#include <algorithm>

#include "tests/fakes/world.h"
#include "tests/fakes/world_hands.h"

namespace vipd::fakes {
namespace {

// Measured on etcd 3.6, 150 rounds: 1.27 s until the first write (median), 2.26 s at worst.
constexpr Duration kElectionLeast = 900ms;
constexpr Duration kElectionMost = 2300ms;
constexpr Duration kNoticedMost = 1500ms;  // until a watch that requires a leader is cancelled

int reached_by(const World& world, int member) {
  const auto& nodes = world.nodes;
  int count = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].alive && nodes[i].member && world.linked(member, static_cast<int>(i))) ++count;
  }
  return count;
}

bool can_lead(const World& world, int member) {
  const ModelNode& node = world.nodes[static_cast<std::size_t>(member)];
  const int majority = static_cast<int>(world.nodes.size()) / 2 + 1;
  return node.alive && node.member && reached_by(world, member) >= majority;
}

}  // namespace

bool World::etcd_for(int node) const {
  const ModelNode& self = nodes[static_cast<std::size_t>(node)];
  return etcd_quorum && self.alive && self.etcd;
}

bool World::linked(int one, int other) const {
  return one == other || cut_.count(std::minmax(one, other)) == 0;
}

void World::cut_link(int one, int other) {
  if (one != other) cut_.insert(std::minmax(one, other));
}

void World::heal_links() { cut_.clear(); }

void World::settle_etcd() {
  if (!elections) return;
  const bool led = can_lead(*this, etcd_leader) && etcd_quorum;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const int node = static_cast<int>(i);
    const bool before = nodes[i].etcd;
    nodes[i].etcd = led && nodes[i].member && linked(node, etcd_leader);
    if (!before || nodes[i].etcd || !nodes[i].vipd) continue;
    break_watch(node, random.between(1ms, kNoticedMost));
  }
  if (led) return;
  expire_leases();
  etcd_quorum = false;
  elect();
}

void World::elect() {
  const std::uint64_t number = ++election_;
  later(random.between(kElectionLeast, kElectionMost), -1, [number](World& world) {
    if (number != world.election_) return;
    std::vector<int> candidates;
    for (std::size_t i = 0; i < world.nodes.size(); ++i) {
      if (can_lead(world, static_cast<int>(i))) candidates.push_back(static_cast<int>(i));
    }
    if (candidates.empty()) return;  // settle_etcd() starts the next one
    world.expire_leases();
    world.etcd_leader = candidates[static_cast<std::size_t>(
        world.random.below(static_cast<int>(candidates.size())))];
    world.etcd_quorum = true;
    ++world.term_;
    world.settle_etcd();
  });
}

void World::save_snapshot() { saved_ = Saved{keys_, leases_, revision_}; }

void World::restore_snapshot() {
  if (!saved_) return;
  keys_ = saved_->keys;
  leases_ = saved_->leases;
  for (auto& [id, lease] : leases_) lease.expires = now_ + lease.ttl;
  revision_ = saved_->revision;
  if (witness != nullptr) witness->keys_changed();
}

void World::repeat_history() {
  const auto leader = keys_.find(config.prefix() + "leader");
  if (leader == keys_.end() || !core::LeaderRecord::parse(leader->second.value).ok()) return;
  forge_leader_value();
  leader->second.lease = next_lease_++;
  leases_[leader->second.lease] = {now_ + config.timing.ttl, config.timing.ttl};
  revision_ = leader->second.mod_revision;
  if (witness != nullptr) witness->keys_changed();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].vipd) break_watch(static_cast<int>(i), random.between(1ms, 1500ms));
  }
}

void World::tell_watch(int node, Instant at, core::Event event) {
  Stream& stream = streams_[node];
  stream.last = std::max(stream.last, at);
  const std::uint64_t id = stream.id;
  later(stream.last - now_, node, [node, id, event = std::move(event)](World& world) {
    if (world.streams_[node].id == id) world.deliver(node, event);
  });
}

void World::break_watch(int node, Duration noticed_after) {
  streams_[node].open = false;
  relist(node, noticed_after + pace.etcd);
  const std::uint64_t id = streams_[node].id;
  later(noticed_after, node, [node, id](World& world) {
    // A list that was asked for meanwhile has replaced this stream.
    if (world.streams_[node].id != id) return;
    world.deliver(node, core::EtcdWatchLost{"the stream ended"});
  });
}

// As the adapter does: again and again until it is answered.
void World::relist(int node, Duration wait) {
  const std::uint64_t id = ++streams_[node].id;
  later(wait, node, [node, id](World& world) {
    Stream& stream = world.streams_[node];
    if (stream.id != id || stream.open) return;
    if (!world.etcd_for(node)) return world.relist(node, 500ms);
    stream.open = true;
    stream.last = world.now_;
    const ModelNode& self = world.nodes[static_cast<std::size_t>(node)];
    const Duration back = world.leg(world.pace.etcd) + self.etcd_lag;
    world.tell_watch(node, world.now_ + back, world.snapshot(world.local(node)));
  });
}

}  // namespace vipd::fakes
