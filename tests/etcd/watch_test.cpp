#include <set>
#include <string>

#include "tests/etcd/harness.h"

namespace vipd::etcd {
namespace {

using core::EtcdChanged;
using core::EtcdSnapshot;
using core::EtcdWatchLost;
using core::TxnDone;

const std::string kLeader = kPrefix + "leader";

TEST_CASE("the prefix is listed, then every change of it comes in order [E23]", "[E23]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  const core::Revision before = cluster.put(kLeader, "a");
  cluster.put("/vipd/test/api0", "just behind the prefix");
  cluster.put("/vipd/test/another/leader", "not ours");
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  const base::Instant started = etcd.clock.now();
  etcd.adapter.start();

  const auto snapshot = etcd.next<EtcdSnapshot>();
  REQUIRE(snapshot);
  CHECK(snapshot->keys == std::vector<core::KeyValue>{{kLeader, "a", before, 0}});
  CHECK(snapshot->revision == before + 2);
  CHECK(snapshot->sent_at >= started);

  const core::Revision put_at = cluster.put(kLeader, "b");
  cluster.put("/vipd/test/another/leader", "not ours");
  const auto put = etcd.next<EtcdChanged>();
  REQUIRE(put);
  REQUIRE(put->changes.size() == 1);
  CHECK(put->revision >= put_at);
  CHECK(put->changes[0].kv == core::KeyValue{kLeader, "b", put_at, 0});
  CHECK_FALSE(put->changes[0].deleted);

  const auto erased = etcd.must<TxnDone>(core::Txn{
      .call = 0, .compare = {}, .write = {core::Delete{kLeader}}, .deadline = {}});
  const auto gone = etcd.next<EtcdChanged>();
  REQUIRE(gone);
  REQUIRE(gone->changes.size() == 1);
  CHECK(gone->changes[0].deleted);
  CHECK(gone->changes[0].kv.key == kLeader);
  CHECK(gone->changes[0].kv.mod_revision == erased.revision);
}

TEST_CASE("what the list has told is not told again") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  cluster.put(kLeader, "listed");
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  REQUIRE(etcd.next<EtcdSnapshot>());
  CHECK_FALSE(etcd.next<EtcdChanged>(1s));
  cluster.put(kLeader, "after it");
  const auto changed = etcd.next<EtcdChanged>();
  REQUIRE(changed);
  CHECK(changed->changes.at(0).kv.value == "after it");
}

TEST_CASE("a history compacted under the watch is listed again [E23]", "[E23]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  bool compacted = false;
  // Between the list and the watch that begins behind it.
  etcd.on_event = [&](const core::Event& event) {
    if (compacted || !std::holds_alternative<EtcdSnapshot>(event)) return;
    compacted = true;
    cluster.put(kLeader, "a");
    cluster.put(kLeader, "b");
    cluster.compact(cluster.put(kLeader, "c"));
  };
  etcd.adapter.start();

  const auto first = etcd.next<EtcdSnapshot>();
  REQUIRE(first);
  CHECK(first->keys.empty());
  const auto lost = etcd.next<EtcdWatchLost>();
  REQUIRE(lost);
  CHECK(lost->why.find("compacted") != std::string::npos);
  const auto again = etcd.next<EtcdSnapshot>();
  REQUIRE(again);
  REQUIRE(again->keys.size() == 1);
  CHECK(again->keys[0].value == "c");
  cluster.put(kLeader, "d");
  CHECK(etcd.next<EtcdChanged>());
}

TEST_CASE("an etcd that is down at the start is waited for, and said once [E19]", "[E19]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1, /*running=*/false);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  const auto lost = etcd.next<EtcdWatchLost>();
  REQUIRE(lost);
  CHECK(lost->why.find(cluster.endpoint(0)) != std::string::npos);
  etcd.run_until([] { return false; }, 1s);
  std::set<std::string> reasons;
  std::size_t said = 0;
  for (const core::Event& event : etcd.events) {
    if (const auto* each = std::get_if<EtcdWatchLost>(&event)) {
      reasons.insert(each->why);
      ++said;
    }
  }
  CHECK(said <= reasons.size() + 1);

  cluster.start(0);
  CHECK(etcd.next<EtcdSnapshot>(20s));
}

TEST_CASE("an etcd that restarts is listed again and watched on [E23]", "[E23]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  REQUIRE(etcd.next<EtcdSnapshot>());
  cluster.kill(0);
  REQUIRE(etcd.next<EtcdWatchLost>());
  cluster.start(0);
  REQUIRE(etcd.next<EtcdSnapshot>(20s));
  cluster.put(kLeader, "a");
  CHECK(etcd.next<EtcdChanged>());
}

TEST_CASE("a watch that falls silent is found within 7 s [E23]", "[E23]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  REQUIRE(etcd.next<EtcdSnapshot>());
  cluster.put(kLeader, "a");
  REQUIRE(etcd.next<EtcdChanged>());
  cluster.freeze(0);
  const auto lost = etcd.next<EtcdWatchLost>(12s);  // gRPC's own pings would need 15 s
  REQUIRE(lost);
  CHECK(lost->why.find("did not answer") != std::string::npos);
  cluster.thaw(0);
  CHECK(etcd.next<EtcdSnapshot>());
}

TEST_CASE("a quiet watch stays up") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  REQUIRE(etcd.next<EtcdSnapshot>());
  CHECK_FALSE(etcd.next<EtcdWatchLost>(12s));
}

TEST_CASE("a member without a leader ends the watch [E23]", "[E23]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(3);
  const int leader = cluster.leader();
  const int mine = (leader + 1) % 3;
  Harness etcd({cluster.endpoint(mine)}, cluster.files());
  etcd.adapter.start();
  REQUIRE(etcd.next<EtcdSnapshot>());
  cluster.kill(leader);
  cluster.kill((leader + 2) % 3);
  const auto lost = etcd.next<EtcdWatchLost>(15s);
  REQUIRE(lost);
  CHECK(lost->why.find("no leader") != std::string::npos);
  cluster.start(leader);
  CHECK(etcd.next<EtcdSnapshot>(20s));
}

TEST_CASE("the core can ask for a new list at any time") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  REQUIRE(etcd.next<EtcdSnapshot>());
  etcd.adapter.carry_out(core::Relist{});
  REQUIRE(etcd.next<EtcdSnapshot>());
  cluster.put(kLeader, "a");
  CHECK(etcd.next<EtcdChanged>());
}

TEST_CASE("of several endpoints the first that works is used") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  const fakes::EtcdCluster dead(1, /*running=*/false);
  Harness etcd({dead.endpoint(0), cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  REQUIRE(etcd.next<EtcdSnapshot>());
  CHECK(etcd.must<TxnDone>(put(kLeader, "a")).committed);
}

}  // namespace
}  // namespace vipd::etcd
