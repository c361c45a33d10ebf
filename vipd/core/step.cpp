#include "vipd/core/step.h"

#include "absl/strings/str_cat.h"
#include "vipd/core/address.h"
#include "vipd/core/action.h"
#include "vipd/core/assign.h"
#include "vipd/core/claimant.h"
#include "vipd/core/election.h"
#include "vipd/core/gate.h"
#include "vipd/core/handover.h"
#include "vipd/core/moves.h"
#include "vipd/core/node_address.h"
#include "vipd/core/observe.h"
#include "vipd/core/orders.h"
#include "vipd/core/reads.h"
#include "vipd/core/session.h"
#include "vipd/core/stop.h"
#include "vipd/core/take.h"
#include "vipd/core/tenure.h"
#include "vipd/core/turn.h"

namespace vipd::core {
namespace {

// Back to the first day (rule E4), but for what this node is, sees and serves, and what Hetzner
// has said.
void forget(Turn& turn) {
  turn.say(Say::Level::kError, "E4",
           "etcd's revision went back: a restored snapshot; starting over as a new instance");
  drop_orders(turn, "etcd was put back to an earlier state just now; ask again");
  State& old = turn.state;
  State fresh;
  fresh.random = old.random;
  fresh.last_call = old.last_call;
  fresh.started = turn.now;
  fresh.self.identity = old.self.identity;
  fresh.self.address = old.self.address;
  fresh.self.address_problem = old.self.address_problem;
  fresh.token = old.token;
  fresh.gate = old.gate;
  fresh.addresses = old.addresses;
  fresh.addresses_known = old.addresses_known;
  fresh.swept = old.swept;
  fresh.stop = old.stop;
  fresh.figures = old.figures;
  // Hetzner was not put back; but the records now tell of the past, so it is asked again before
  // anything is called verified.
  fresh.reads = old.reads;
  if (old.reads.own.id != 0) fresh.reads.generation_own = 0;  // its answer is given up
  fresh.reads.list = fresh.reads.own = {};
  fresh.reads.generation_listed = 0;
  fresh.reads.restored = true;
  fresh.beliefs = old.beliefs;
  for (auto& [fip, belief] : fresh.beliefs) belief.certain = false;
  old = std::move(fresh);
  old.self.instance = turn.new_instance();
  turn.send(Relist{});
}

void on(Turn&, const Tick&) {}

void on(Turn& turn, const Identity& event) {
  Self& self = turn.state.self;
  self.identity = event;
  auto address = node_address(turn.config, event.private_addresses, event.public_v4);
  self.address = address.ok() ? *address : "";
  self.address_problem = std::string(address.status().message());
}

void on(Turn& turn, const IdentityFailed& event) {
  if (!turn.state.self.identity) turn.state.self.identity_problem = event.why;
}

void on(Turn& turn, const EtcdSnapshot& event) {
  const Revision back = turn.state.keys.newest;
  if (went_back(turn.state.keys, event.revision, event.sent_at) && back != 0) {
    forget(turn);
  }
  apply(turn.state.keys, turn.config.prefix(), event, turn.now);
}

void on(Turn& turn, const EtcdChanged& event) {
  apply(turn.state.keys, turn.config.prefix(), event, turn.now);
  heed_lost_records(turn, event);
}

void on(Turn& turn, const EtcdWatchLost& event) {
  turn.state.keys.current = false;
  turn.state.keys.watch_problem = event.why;
  turn.say_once("watch", Say::Level::kWarn, "E23", absl::StrCat("etcd watch: ", event.why));
}

void on_granted(Turn& turn, const LeaseGranted& event) {
  if (!on_order(turn, event)) on(turn, event);
}

void on(Turn& turn, const TxnDone& event) {
  if (went_back(turn.state.keys, event.revision, event.sent_at)) return forget(turn);
  session_txn_done(turn, event) || work_txn_done(turn, event) ||
      take_done(turn, event) || handover_txn_done(turn, event) ||
      stop_txn_done(turn, event) || order_txn_done(turn, event);
}

void on_read(Turn& turn, const KeyRead& event) {
  if (went_back(turn.state.keys, event.revision, event.sent_at)) return forget(turn);
  on(turn, event);
}

void on(Turn& turn, const EtcdFailed& event) {
  session_failed(turn, event) || work_etcd_failed(turn, event.call) ||
      take_failed(turn, event.call) || handover_failed(turn, event.call) ||
      stop_failed(turn, event.call) || order_failed(turn, event);
}

void on(Turn& turn, const ServerSeen& event) {
  on_reads(turn, event) || on_claimant(turn, event);
}

void on(Turn& turn, const HcloudFailed& event) {
  reads_failed(turn, event) || work_hcloud_failed(turn, event) ||
      claimant_failed(turn, event);
}

void on(Turn& turn, const ReadyzAnswer& event) {
  on_gate(turn, event) || on_claimant(turn, event) || on_handover(turn, event);
}

struct Fold {
  Turn& turn;
  void operator()(const LeaseGranted& event) const { on_granted(turn, event); }
  void operator()(const KeyRead& event) const { on_read(turn, event); }
  void operator()(const FipsListed& event) const {
    if (on_list(turn, event)) look_at_list(turn);
  }
  template <typename Other>
  void operator()(const Other& event) const {
    on(turn, event);
  }
};

}  // namespace

State first_state(std::uint64_t seed, Now now) {
  State state;
  state.random = seed;
  state.started = now.at;
  std::vector<Command> none;
  const Config config;
  state.self.instance = Turn(config, state, now, none).new_instance();
  return state;
}

std::vector<Command> advance(const Config& config, State& state, const Event& event, Now now) {
  std::vector<Command> commands;
  state.wake.reset();
  Turn turn(config, state, now, commands);
  // First what has become known, then, from the whole picture, what to do about it.
  std::visit(Fold{turn}, event);
  learn_from_records(turn);
  account_for_leader(turn);
  keep_tenure(turn);
  keep_gate(turn);
  if (observes(config)) {
    observe(turn);
    return commands;
  }
  keep_session(turn);
  keep_election(turn);
  keep_tenure(turn);
  keep_handover(turn);
  keep_work(turn);
  keep_reads(turn);
  keep_addresses(turn);
  keep_stopping(turn);
  keep_orders(turn);
  return commands;
}

Step step(const Config& config, State state, const Event& event, Now now) {
  Step result{std::move(state), {}};
  result.commands = advance(config, result.state, event, now);
  return result;
}

std::optional<Instant> wake_at(const State& state) { return state.wake; }

}  // namespace vipd::core
