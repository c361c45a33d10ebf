#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/etcd/harness.h"

namespace vipd::etcd {
namespace {

using core::EtcdFailed;
using core::GrantLease;
using core::KeepLease;
using core::KeyRead;
using core::LeaseGranted;
using core::LeaseKept;
using core::TxnDone;

const std::string kNode = kPrefix + "nodes/a";

GrantLease grant(std::chrono::seconds ttl) { return {.call = 0, .ttl = ttl, .deadline = {}}; }
KeepLease keep(core::LeaseId lease) { return {.call = 0, .lease = lease, .deadline = {}}; }

double seconds(base::Instant::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

TEST_CASE("a lease is kept, counted from when the keepalive left [E22]", "[E22]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();

  const auto granted = etcd.must<LeaseGranted>(grant(5s));
  CHECK(granted.lease != 0);
  CHECK(granted.ttl == 5s);
  for (int i = 0; i < 3; ++i) {
    const base::Instant before = etcd.clock.now();
    const auto kept = etcd.must<LeaseKept>(keep(granted.lease));
    CHECK(kept.lease == granted.lease);
    CHECK(kept.ttl == 5s);
    CHECK(kept.sent_at >= before);
    CHECK(kept.sent_at <= etcd.clock.now());
  }
}

TEST_CASE("a lease that ran out takes its keys along and is kept with ttl 0 [E22]", "[E22]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  const auto granted = etcd.must<LeaseGranted>(grant(1s));  // etcd makes it 2 s
  etcd.must<TxnDone>(put(kNode, "me", granted.lease));
  CHECK(etcd.must<KeyRead>(read(kNode)).found->lease == granted.lease);

  std::vector<core::KeyChange> changes;
  etcd.run_until([&] {
    changes.clear();
    for (const core::Event& event : etcd.events) {
      if (const auto* changed = std::get_if<core::EtcdChanged>(&event)) {
        changes.insert(changes.end(), changed->changes.begin(), changed->changes.end());
      }
    }
    return !changes.empty() && changes.back().deleted;
  });
  REQUIRE_FALSE(changes.empty());
  CHECK(changes.back().deleted);
  CHECK(changes.back().kv.key == kNode);
  CHECK(changes.back().kv.mod_revision > 0);
  CHECK(etcd.must<LeaseKept>(keep(granted.lease)).ttl == 0s);
}

TEST_CASE("a revoked lease is gone, and putting on it is refused for sure") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  const auto granted = etcd.must<LeaseGranted>(grant(60s));
  etcd.must<TxnDone>(put(kNode, "me", granted.lease));
  etcd.must<LeaseKept>(keep(granted.lease));

  etcd.adapter.carry_out(core::RevokeLease{granted.lease});
  CHECK(etcd.run_until([&] {
    const auto answer = etcd.ask<KeyRead>(read(kNode));
    const auto* const key = std::get_if<KeyRead>(&answer);
    return key != nullptr && !key->found;
  }));
  CHECK(etcd.must<LeaseKept>(keep(granted.lease)).ttl == 0s);
  const auto refused = etcd.ask<TxnDone>(put(kNode, "me", granted.lease));
  REQUIRE(std::holds_alternative<EtcdFailed>(refused));
  CHECK_FALSE(std::get<EtcdFailed>(refused).unknown);
  CHECK(std::get<EtcdFailed>(refused).why.find("lease not found") != std::string::npos);
}

TEST_CASE("keepalives asked at the same time are answered each") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  const auto granted = etcd.must<LeaseGranted>(grant(5s));
  for (core::CallId call = 101; call <= 103; ++call) {
    etcd.adapter.carry_out(
        KeepLease{.call = call, .lease = granted.lease, .deadline = etcd.clock.now() + 2s});
  }
  for (core::CallId call = 101; call <= 103; ++call) {
    CHECK(std::holds_alternative<LeaseKept>(etcd.answer_to<LeaseKept>(call, 5s)));
  }
}

TEST_CASE("an etcd that restarts costs no more than a new stream [E21]", "[E21]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  const auto granted = etcd.must<LeaseGranted>(grant(60s));
  etcd.must<LeaseKept>(keep(granted.lease));
  cluster.kill(0);
  const auto failed = etcd.ask<LeaseKept>(keep(granted.lease), 400ms);
  REQUIRE(std::holds_alternative<EtcdFailed>(failed));
  CHECK(std::get<EtcdFailed>(failed).unknown);

  cluster.start(0);
  CHECK(etcd.run_until(
      [&] {
        return std::holds_alternative<LeaseKept>(etcd.ask<LeaseKept>(keep(granted.lease), 400ms));
      },
      20s));
}

// The reason for one stream per lease, deadlines and repeats: another node, which leads etcd,
// freezes. What is under way then hangs far longer than the ttl, except on the next leader; with
// etcd 3.6 sometimes (7.3 s in one run, 1.2 s in another), so that is shown, not asked for.
TEST_CASE("a lease outlives the freeze of the node that leads etcd [E21]", "[E21]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(3);
  const int leader = cluster.leader();
  std::array<std::unique_ptr<Harness>, 2> followers;
  std::array<core::LeaseId, 2> leases{};
  for (std::size_t i = 0; i < 2; ++i) {
    followers[i] = std::make_unique<Harness>(
        std::vector{cluster.endpoint((leader + 1 + static_cast<int>(i)) % 3)}, cluster.files());
    followers[i]->adapter.start();
    leases[i] = followers[i]->must<LeaseGranted>(grant(5s)).lease;
    followers[i]->must<LeaseKept>(keep(leases[i]));
  }
  Harness& etcd = *followers[0];
  etcd.must<TxnDone>(put(kNode, "me", leases[0]));

  cluster.freeze(leader);
  const base::Instant frozen = etcd.clock.now();
  constexpr core::CallId kHanging = 900;
  for (std::size_t i = 0; i < 2; ++i) {
    followers[i]->adapter.carry_out(
        KeepLease{.call = kHanging, .lease = leases[i], .deadline = frozen + 15s});
  }
  core::CallId call = 1000;
  bool kept = false;
  while (!kept && etcd.clock.now() < frozen + 10s) {
    etcd.adapter.carry_out(
        KeepLease{.call = ++call, .lease = leases[0], .deadline = etcd.clock.now() + 400ms});
    kept = std::holds_alternative<LeaseKept>(etcd.answer_to<LeaseKept>(call, 2s));
  }
  const double kept_after = seconds(etcd.clock.now() - frozen);
  CHECK(kept);
  CHECK(kept_after < 5.0);
  CHECK(etcd.must<KeyRead>(read(kNode)).found);

  double hung_for = 0;
  for (const auto& follower : followers) {
    follower->answer_to<LeaseKept>(kHanging, 16s);
    hung_for = std::max(hung_for, seconds(etcd.clock.now() - frozen));
  }
  WARN("leader frozen: a keepalive with deadlines got through after "
       << kept_after << " s (" << call - 1000 << " tries), one without hung for " << hung_for
       << " s");
}

}  // namespace
}  // namespace vipd::etcd
