#include "tests/sim/operator.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace vipd::sim {
namespace {

using namespace std::chrono_literals;
using core::Duration;
using fakes::ModelNode;
using fakes::Random;
using fakes::World;

core::CallId number(Random& dice) { return 1000000 + dice.next() % 1000000000; }

ModelNode& node_of(World& world, int index) {
  return world.nodes[static_cast<std::size_t>(index)];
}

std::chrono::seconds whole_seconds(Duration span) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(span), 1s);
}

core::PauseAsked pause_for(Random& dice, Duration span, bool hard) {
  return {number(dice), whole_seconds(span), hard, "sim", "drill"};
}

void pause_by_hand(const Ordered& order, bool hard) {
  core::PauseRecord record;
  record.by = "sim";
  record.hard = hard;
  order.world.put("pause", record.text());
  order.world.later(order.lasts, -1, [](World& then) { then.erase("pause"); });
}

// To one node, and to the other where the first could not.
void resume_after(const Ordered& order) {
  for (const int node : {order.at, order.other}) {
    const Duration wait = order.lasts + (node == order.at ? 0ms : 1500ms);
    const core::ResumeAsked asked{number(order.dice), "sim"};
    order.world.later(wait, -1, [=](World& then) { then.post(node, asked); });
  }
}

}  // namespace

void order_handover(const Ordered& order) {
  core::HandoverAsked asked;
  asked.order = number(order.dice);
  asked.by = "sim";
  const ModelNode& other = node_of(order.world, order.other);
  if (order.dice.chance(0.6)) asked.to = other.name;
  else if (order.dice.chance(0.5)) asked.off = absl::StrCat(other.server);
  order.world.post(order.at, asked);
}

void order_pause(const Ordered& order, bool hard) {
  if (order.dice.chance(0.1)) return pause_by_hand(order, hard);
  const bool resumes = order.dice.chance(0.5);
  // One that is to be ended by hand would else last far longer.
  const Duration span = resumes ? order.lasts * 2 + 5s : order.lasts;
  order.world.post(order.at, pause_for(order.dice, span, hard));
  if (order.dice.chance(0.3)) {
    const Duration after = order.dice.between(Duration(0), order.lasts);
    const auto next = pause_for(order.dice, span - after, order.dice.chance(0.5));
    order.world.later(after, -1, [=, node = order.other](World& then) { then.post(node, next); });
  }
  if (resumes) resume_after(order);
}

void strand_key_and_release(const Ordered& order) {
  World& world = order.world;
  const auto leader = world.leader();
  if (!leader) return;
  world.put("leader", leader->text());
  const Duration gone = world.config.timing.ttl + order.dice.between(Duration(1s), 6s);
  const int count = static_cast<int>(world.nodes.size());
  // Else the key is taken for want of progress (rule A15) before anybody can release it.
  if (order.dice.chance(0.7)) {
    world.post((order.at + 1) % count, pause_for(order.dice, order.lasts, false));
  }
  for (int i = 1; i < count; ++i) {
    const int node = (order.at + i) % count;
    const core::ReleaseAsked asked{number(order.dice), leader->instance, "sim"};
    const Duration wait = i == 1 ? order.dice.between(Duration(0), 3s) : gone + i * 1s;
    world.later(wait, -1, [=](World& then) { then.post(node, asked); });
  }
}

void observe_for_a_while(const Ordered& order) {
  order.world.kill_vipd(order.at);
  node_of(order.world, order.at).observes = true;
  order.world.later(order.lasts, -1, [node = order.at](World& then) { end_observing(then, node); });
}

void end_observing(World& world, int node) {
  if (!node_of(world, node).observes) return;
  world.kill_vipd(node);
  node_of(world, node).observes = false;
}

}  // namespace vipd::sim
