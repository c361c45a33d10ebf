#include "tests/sim/run.h"

#include <algorithm>
#include <array>
#include <functional>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/sim/checker.h"
#include "tests/sim/faults.h"
#include "tests/sim/meter.h"
#include "tests/sim/rules.h"

namespace vipd::sim {
namespace {

using namespace std::chrono_literals;
using fakes::World;

World make_world(const Options& options) {
  World world(options.nodes, options.dual_stack);
  world.config.timing = options.timing;
  world.pace = options.pace;
  world.assign_takes = options.assign_takes;
  world.random = fakes::Random(options.seed ^ 0x5eedU);
  world.elections = true;
  world.lease_scan = 500ms;  // etcd's lessor (server/lease/lessor.go: every 500 ms)
  for (int i = 0; i < options.nodes; ++i) {
    const auto at = static_cast<std::size_t>(i);
    world.nodes[at].clock_drift = options.drift[at];
    world.nodes[at].clock_ahead = options.ahead[at];
  }
  for (auto& [id, fip] : world.fips) fip.fip.server = options.first_server;
  return world;
}

// What passes in the world goes to the checker, the story and the counts; a daemon that ended
// is started again, as the kubelet does.
class Story final : public fakes::Witness {
 public:
  Story(World& world, const Run& run, Result& result)
      : checker(world, incidents),
        meter(world, result.met),
        world_(world),
        trace_(run.trace),
        result_(result) {}

  Incidents incidents;
  Checker checker;
  Meter meter;

  void tell(const std::string& who, const std::string& what) {
    if (trace_ == nullptr) return;
    const auto ms = (world_.now() - Instant(1h)) / 1ms;
    *trace_ << absl::StrFormat("%02d:%02d.%03d %-5s %s\n", ms / 60000, ms / 1000 % 60, ms % 1000,
                               who, what);
  }
  void started(int node) override {
    checker.started(node);
    meter.started(node);
    tell(name(node), "vipd starts");
  }
  void ended(int node) override {
    meter.ended(node);
    tell(name(node), "vipd has ended");
    // The kubelet's back-off grows to minutes.
    const bool soon = world_.random.chance(0.85);
    const Duration wait = soon ? world_.random.between(300ms, 12s)
                               : world_.random.between(60s, 150s);
    world_.later(wait, -1, [node](World& then) {
      const auto& self = then.nodes[static_cast<std::size_t>(node)];
      if (self.alive && !self.vipd) then.start(node);
    });
  }
  void shown(int node, const core::Event& event) override {
    checker.shown(node, event);
    meter.shown(node, event);
    if (trace_ != nullptr) tell_order(node, event);
  }
  void left(int node, const core::Command& command) override {
    checker.left(node, command);
    meter.left(node, command);
    if (std::holds_alternative<core::ListFips>(command)) tell(name(node), "-> Hetzner: list");
    const auto* answer = std::get_if<core::OrderAnswer>(&command);
    if (answer != nullptr) tell(name(node), absl::StrCat("answers the order: ", answer->text));
    const auto* say = std::get_if<core::Say>(&command);
    if (say == nullptr) return;
    count(say->rule);
    if (trace_ != nullptr) tell(name(node), absl::StrCat(say->rule, " ", say->text));
  }
  void committed(int node, const core::Txn& txn, Instant sent,
                 const std::string& before) override {
    checker.committed(node, txn, sent, before);
    meter.committed(node, txn);
    for (const auto& write : txn.write) {
      const auto* put = std::get_if<core::Put>(&write);
      if (put == nullptr || !put->key.ends_with("/leader")) continue;
      ++result_.moves;
      tell("etcd", absl::StrCat("leader = ", put->value));
    }
  }
  void writes(int node, core::FipId fip, core::ServerId server) override {
    checker.writes(node, fip, server);
    meter.writes(node);
    tell(name(node), absl::StrCat("-> Hetzner: assign ", fip, " to ", server));
  }
  void keys_changed() override { checker.keys_changed(); }
  void called(int node) override { checker.called(node); }
  void routed() override {
    checker.routed();
    meter.routed();
    for (const auto& [id, fip] : world_.fips) {
      tell("api", absl::StrCat("Floating IP ", id, " is on ", fip.fip.server.value_or(0)));
    }
  }

 private:
  void count(const std::string& rule) {
    const auto found = result_.met.find(rule);
    if (found != result_.met.end()) ++found->second;
    else if (!rule.empty()) result_.unlisted = rule;
  }
  void tell_order(int node, const core::Event& event) {
    if (std::holds_alternative<core::HandoverAsked>(event)) tell("ORDER", name(node) + " handover");
    if (std::holds_alternative<core::PauseAsked>(event)) tell("ORDER", name(node) + " pause");
    if (std::holds_alternative<core::ResumeAsked>(event)) tell("ORDER", name(node) + " resume");
    if (std::holds_alternative<core::ReleaseAsked>(event)) tell("ORDER", name(node) + " release");
  }
  [[nodiscard]] const std::string& name(int node) const {
    return world_.nodes[static_cast<std::size_t>(node)].name;
  }

  World& world_;
  std::ostream* trace_;
  Result& result_;
};

bool at_rest(const World& world) {
  const auto leader = world.leader();
  if (!leader || !world.verified()) return false;
  const auto text = world.value("nodes/" + leader->instance);
  if (!text) return false;
  const auto node = core::NodeRecord::parse(*text);
  return node.ok() && node->ready && world.has_address(world.index(leader->node));
}

// Drift is looked for every read_every and repaired slower each time (rule A19).
Duration converges_within(const World& world, const Options& options) {
  constexpr std::array<Duration, 5> kRepairs = {0s, 10s, 60s, 5min, 10min};
  const auto thefts = std::count_if(
      options.faults.begin(), options.faults.end(), [](const Planned& planned) {
        // A pause may come with a theft of its own (faults.cpp).
        const bool pause = planned.fault == Fault::kPause || planned.fault == Fault::kHardPause;
        return pause || (planned.fault >= Fault::kTheft && planned.fault <= Fault::kFipGone);
      });
  const auto repairs = std::min<std::size_t>(static_cast<std::size_t>(thefts), 4);
  return 150s + world.config.timing.read_every + kRepairs.at(repairs);
}

void plan(World& world, Story& story, const Options& options) {
  for (int i = 0; i < options.nodes; ++i) {
    world.later(options.starts[static_cast<std::size_t>(i)], -1, [i](World& then) {
      if (!then.nodes[static_cast<std::size_t>(i)].vipd) then.start(i);
    });
  }
  for (const Planned& planned : options.faults) {
    world.later(planned.at, -1, [&story, planned](World& then) {
      begin(then, planned, story.incidents);
      const Incident& begun = story.incidents.back();
      const std::string where =
          begun.node < 0 ? "all" : then.nodes[static_cast<std::size_t>(begun.node)].name;
      story.tell("FAULT", absl::StrFormat("%s, %s, for %.1f s", name_of(begun.fault), where,
                                          std::chrono::duration<double>(begun.until - begun.from)
                                              .count()));
    });
  }
}

bool safe_for(World& world, Story& story, Duration span,
              const std::function<bool()>& enough = [] { return false; }) {
  const Instant end = world.now() + span;
  while (world.now() < end && !enough()) {
    world.run(std::min<Duration>(1s, end - world.now()));
    story.checker.look();
    story.meter.look();
    if (!story.checker.violation().empty()) return false;
  }
  return true;
}

}  // namespace

Result run(const Run& what) {
  Result result;
  for (const Rule& rule : kRules) {
    if (rule.how != How::kElsewhere) result.met.emplace(rule.id, 0);
  }
  const Options options = draw(what.seed);
  World world = make_world(options);
  Story story(world, what, result);
  world.witness = &story;
  world.step = what.step;
  world.commits_all = what.canary;
  if (what.trace != nullptr) *what.trace << text_of(options) << "\n";
  story.checker.routed();
  plan(world, story, options);
  result.faults = static_cast<int>(options.faults.size());

  const auto fail = [&](Verdict verdict, const std::string& why) {
    result.verdict = verdict;
    result.why = why;
    story.tell("FAIL", why);
    return result;
  };
  if (!safe_for(world, story, kSafetyPhase)) {
    return fail(Verdict::kSafety, story.checker.violation());
  }
  story.tell("HEAL", "everything");
  heal(world);
  const Duration bound = converges_within(world, options);
  if (!safe_for(world, story, bound, [&] { return at_rest(world); })) {
    return fail(Verdict::kSafety, story.checker.violation());
  }
  result.calls = story.checker.calls();
  if (!at_rest(world)) {
    return fail(Verdict::kLiveness,
                absl::StrCat("invariant 3: no ready node holds the verified addresses ",
                             bound / 1s, " s after everything was healed"));
  }
  story.tell("END", absl::StrCat("at rest on ", world.holder()));
  return result;
}

}  // namespace vipd::sim
