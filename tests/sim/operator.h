// What an operator does to a group: orders, as the shell posts them to the vipd they are given to,
// and a node that is started in another mode.
#pragma once

#include "tests/fakes/world.h"

namespace vipd::sim {

struct Ordered {
  fakes::World& world;
  int at = 0;     // the node whose vipd is told
  int other = 0;  // another one, or the same
  fakes::Random& dice;
  core::Duration lasts{0};
};

void order_handover(const Ordered& order);
// For so long; ended by its lease or by `resume`, replaced now and then, or put by hand.
void order_pause(const Ordered& order, bool hard);
// The leader key hangs on no lease, and its holder, of node `at`, is gone: orders to release it
// come before and after its nodes/ key has gone too.
void strand_key_and_release(const Ordered& order);
// Its vipd is started again with `mode: observe`, and once more without.
void observe_for_a_while(const Ordered& order);
void end_observing(fakes::World& world, int node);

}  // namespace vipd::sim
