// Every order of the things that can happen to three nodes, against what the world outside the
// core keeps: its judge, and every change of the Floating IP's server at Hetzner.
//   seven happenings, length four:      7^4 = 2401 stories of steps of 3 s
//   all sixteen, length three:         16^3 = 4096
//   ten that disturb, length four:     10^4 = 10000
// After its last step a story is healed, and a minute later a ready node must hold the address.
#include <algorithm>
#include <set>
#include <vector>

#include "tests/core/story.h"

namespace vipd::core {
namespace {

enum class Happening {
  kNothing, kApiserverFails, kApiserverHeals, kVipdKilled, kVipdStarts, kEtcdLost, kHandover,
  kPaused, kResumed, kVipdEnded, kVipdCrashed, kPowerOff, kPowerOn, kHetznerFails, kHetznerHeals,
  kDrift
};
constexpr int kFirstSeven = 7;
constexpr int kKinds = 16;
constexpr const char* kWords[kKinds] = {
    "nothing", "holder's apiserver fails", "apiservers heal", "holder's vipd killed",
    "vipd starts", "etcd lost for 2 s", "handover", "soft pause", "resume",
    "SIGTERM and restart", "kill -9 and restart", "holder powered off", "power on",
    "Hetzner fails", "Hetzner heals", "assigned elsewhere by hand"};

// How often the address may change its server because of it: the happening itself or its answer.
int moves_justified_by(Happening what) {
  switch (what) {
    case Happening::kApiserverFails:
    case Happening::kHandover:
    case Happening::kPowerOff:
      return 1;
    case Happening::kDrift:
      return 2;  // there, and back
    default:
      return 0;
  }
}

class Story final : public fakes::Witness {
 public:
  explicit Story(const World& start) : world_(start), route_(route()) { world_.witness = this; }
  ~Story() override = default;
  Story(const Story&) = delete;
  Story& operator=(const Story&) = delete;

  void step(Happening what);
  void heal();
  void check_safety();
  void check_end();

 private:
  void routed() override {
    if (route() == route_) return;
    route_ = route();
    ++moves_;
  }
  [[nodiscard]] std::optional<ServerId> route() const {
    return world_.fips.at(World::kV4).fip.server;
  }
  fakes::ModelNode& node(int index) { return world_.nodes[static_cast<std::size_t>(index)]; }
  // The holder, or the node that Hetzner names where there is none.
  [[nodiscard]] int present() const {
    if (!world_.holder().empty()) return world_.index(world_.holder());
    for (std::size_t i = 0; i < world_.nodes.size(); ++i) {
      if (world_.nodes[i].server == route()) return static_cast<int>(i);
    }
    return 0;
  }
  [[nodiscard]] int somebody() const {
    for (int i = 0; i < 3; ++i) {
      if (world_.nodes[static_cast<std::size_t>(i)].vipd) return i;
    }
    return 0;
  }
  // To the others: neither its vipd nor its apiserver was there.
  [[nodiscard]] bool a_holder_died() const {
    const auto seen = [&](Happening what) { return seen_.count(what) != 0; };
    const bool without_vipd = seen(Happening::kVipdKilled) || seen(Happening::kVipdEnded) ||
                              seen(Happening::kVipdCrashed);
    return seen(Happening::kPowerOff) || (without_vipd && seen(Happening::kApiserverFails));
  }
  void start_where_powered();
  void power_on();
  void look();
  void happen(Happening what);

  World world_;
  std::optional<ServerId> route_;
  int moves_ = 0;
  int justified_ = 0;
  bool drifted_ = false;
  std::set<Happening> seen_;
  std::set<int> bare_;  // were powered off, and have not had the address since
};

void Story::start_where_powered() {
  for (int i = 0; i < 3; ++i) {
    if (node(i).alive && !node(i).vipd) world_.start(i);
  }
}

void Story::power_on() {
  for (int i = 0; i < 3; ++i) {
    if (node(i).alive) continue;
    world_.power_on(i);
    world_.start(i);
  }
}

// A new token makes every vipd read at once instead of within 125 s (rule A5).
void Story::look() {
  for (int i = 0; i < 3; ++i) {
    ++node(i).token_generation;
    if (node(i).vipd) world_.see_token(i);
  }
}

void Story::happen(Happening what) {
  const int holder = present();
  switch (what) {
    case Happening::kNothing:
      break;
    case Happening::kApiserverFails:
      node(holder).apiserver = false;
      break;
    case Happening::kApiserverHeals:
      for (auto& each : world_.nodes) each.apiserver = true;
      break;
    case Happening::kVipdKilled:
      world_.kill_vipd(holder);
      break;
    case Happening::kVipdStarts:
      start_where_powered();
      break;
    case Happening::kEtcdLost:
      world_.lose_quorum();
      world_.run(2s);
      world_.regain_quorum();
      break;
    case Happening::kHandover:
      world_.post((holder + 1) % 3, HandoverAsked{77, "", "", "test", "order"});
      break;
    case Happening::kPaused:
      world_.post(somebody(), PauseAsked{78, 600s, false, "test", "order"});
      break;
    case Happening::kResumed:
      world_.post(somebody(), ResumeAsked{79, "test"});
      break;
    case Happening::kVipdEnded:
      world_.term(holder);
      world_.until([&] { return !node(holder).vipd; }, world_.config.timing.stop_within + 1s);
      start_where_powered();
      break;
    case Happening::kVipdCrashed:
      world_.kill_vipd(holder);
      start_where_powered();
      break;
    case Happening::kPowerOff:
      world_.power_off(holder);
      bare_.insert(holder);
      break;
    case Happening::kPowerOn:
      power_on();
      break;
    case Happening::kHetznerFails:
      world_.api_down = HcloudError::kTimeout;
      break;
    case Happening::kHetznerHeals:
      world_.api_down.reset();
      break;
    case Happening::kDrift:
      world_.assign_by_hand(World::kV4, node((holder + 1) % 3).server);
      drifted_ = true;
      look();
      break;
  }
}

void Story::step(Happening what) {
  justified_ += moves_justified_by(what);
  // Told to end in the middle of a takeover it hands the key on (rule E18).
  if (what == Happening::kVipdEnded && !world_.verified()) ++justified_;
  const bool paused = world_.value("pause").has_value();
  const std::size_t writes = world_.assigns();
  happen(what);
  seen_.insert(what);
  world_.run(3s);
  if (!paused || !world_.value("pause")) return;
  // Paused all the time: no write but the takeover of a dead holder (rule E20).
  REQUIRE((a_holder_died() || world_.assigns() == writes));
}

void Story::heal() {
  for (const auto what : {Happening::kApiserverHeals, Happening::kHetznerHeals,
                          Happening::kVipdStarts, Happening::kPowerOn}) {
    happen(what);
  }
  world_.run(5s);
  happen(Happening::kResumed);
  REQUIRE(world_.until([&] { return !world_.value("pause"); }, 5s));
}

// What must hold whatever happened: the address stands where Hetzner sends the packets, if vipd
// sent them there and that machine runs.
void Story::check_safety() {
  REQUIRE(world_.violations.empty());
  if (world_.verified()) drifted_ = false;
  REQUIRE(route().has_value());
  for (int i = 0; i < 3; ++i) {
    if (world_.has_address(i)) bare_.erase(i);
    if (drifted_ || bare_.count(i) != 0 || node(i).server != *route()) continue;
    REQUIRE(world_.has_address(i));
  }
  REQUIRE(moves_ <= justified_);
}

void Story::check_end() {
  REQUIRE(world_.until([&] { return world_.verified(); }, 60s));
  const int holder = world_.index(world_.holder());
  REQUIRE((node(holder).alive && node(holder).vipd));
  REQUIRE(world_.status(holder)["ready"] == true);
  REQUIRE(world_.has_address(holder));
  check_safety();
}

std::vector<Happening> first(int count) {
  std::vector<Happening> kinds;
  for (int i = 0; i < count; ++i) kinds.push_back(static_cast<Happening>(i));
  return kinds;
}

void exhaust(const std::vector<Happening>& kinds, int length) {
  const World start = settled(3);
  std::size_t stories = 1;
  for (int i = 0; i < length; ++i) stories *= kinds.size();
  for (std::size_t number = 0; number < stories; ++number) {
    Story story(start);
    std::string told;
    std::size_t rest = number;
    for (int i = 0; i < length; ++i, rest /= kinds.size()) {
      const Happening what = kinds[rest % kinds.size()];
      told += std::string(i == 0 ? "" : ", ") + kWords[static_cast<int>(what)];
      INFO("story " << number << " so far: " << told);
      story.step(what);
      story.check_safety();
    }
    INFO("story " << number << ", after healing: " << told);
    story.heal();
    story.check_end();
  }
}

TEST_CASE("all orders of four happenings keep the address served and end on a ready node",
          "[E12][E15][N4]") {
  exhaust(first(kFirstSeven), 4);
}

TEST_CASE("all orders of three happenings of all kinds move the address only where they must",
          "[E13][E14][E15][E18][E20][A10][A15][A19]") {
  exhaust(first(kKinds), 3);
}

TEST_CASE("all orders of four disturbances move the address only where they must",
          "[E13][E14][E15][E18][E20][A10][A15][A19]") {
  exhaust({Happening::kApiserverFails, Happening::kEtcdLost, Happening::kHandover,
           Happening::kPaused, Happening::kResumed, Happening::kVipdEnded,
           Happening::kVipdCrashed, Happening::kPowerOff, Happening::kHetznerFails,
           Happening::kDrift},
          4);
}

}  // namespace
}  // namespace vipd::core
