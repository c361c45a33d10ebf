#include <memory>
#include <string>

#include "tests/etcd/harness.h"

namespace vipd::etcd {
namespace {

using core::Compare;
using core::Delete;
using core::EtcdFailed;
using core::KeyRead;
using core::Put;
using core::Txn;
using core::TxnDone;

const std::string kLeader = kPrefix + "leader";

Txn txn(std::vector<Compare> compare, std::vector<core::Write> write) {
  return {.call = 0, .compare = std::move(compare), .write = std::move(write), .deadline = {}};
}

TEST_CASE("a key is acquired only where it is absent [E5]", "[E5]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();

  const auto acquire = txn({{kLeader, 0, std::nullopt}}, {Put{kLeader, "mine", 0}});
  const TxnDone first = etcd.must<TxnDone>(acquire);
  CHECK(first.committed);
  CHECK(first.sent_at <= etcd.clock.now());
  CHECK_FALSE(etcd.must<TxnDone>(acquire).committed);

  const KeyRead found = etcd.must<KeyRead>(read(kLeader));
  REQUIRE(found.found);
  CHECK(*found.found == core::KeyValue{kLeader, "mine", first.revision, 0});
  CHECK_FALSE(etcd.must<KeyRead>(read(kPrefix + "nobody")).found);
}

TEST_CASE("a compare on revision and value fails when either differs [E3]", "[E3]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  const core::Revision epoch = etcd.must<TxnDone>(put(kLeader, "mine")).revision;

  const Put mark{kPrefix + "mark", "x", 0};
  CHECK_FALSE(etcd.must<TxnDone>(txn({{kLeader, epoch, "another's"}}, {mark})).committed);
  CHECK_FALSE(etcd.must<TxnDone>(txn({{kLeader, epoch + 1, "mine"}}, {mark})).committed);
  CHECK_FALSE(etcd.must<KeyRead>(read(mark.key)).found);
  CHECK(etcd.must<TxnDone>(txn({{kLeader, epoch, "mine"}}, {mark})).committed);
  CHECK(etcd.must<KeyRead>(read(mark.key)).found);
}

TEST_CASE("several compares and writes hold together or not at all [E6]", "[E6]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  const core::Revision leader = etcd.must<TxnDone>(put(kLeader, "a")).revision;
  const core::Revision node = etcd.must<TxnDone>(put(kPrefix + "nodes/b", "ready")).revision;
  etcd.must<TxnDone>(put(kPrefix + "request", "to b"));

  const std::vector<core::Write> handover = {Put{kLeader, "b", 0}, Delete{kPrefix + "request"}};
  CHECK_FALSE(etcd.must<TxnDone>(txn({{kLeader, leader, "a"}, {kPrefix + "nodes/b", node, "not"}},
                                     handover))
                  .committed);
  CHECK(etcd.must<KeyRead>(read(kPrefix + "request")).found);

  CHECK(etcd.must<TxnDone>(txn({{kLeader, leader, "a"}, {kPrefix + "nodes/b", node, "ready"}},
                               handover))
            .committed);
  CHECK_FALSE(etcd.must<KeyRead>(read(kPrefix + "request")).found);
  CHECK(etcd.must<KeyRead>(read(kLeader)).found->value == "b");
}

TEST_CASE("values are bytes and pass untouched") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  std::string garbage;
  for (int i = 0; i < 256; ++i) garbage.push_back(static_cast<char>(i));
  cluster.put(kPrefix + "pause", garbage);
  etcd.adapter.start();

  const auto snapshot = etcd.next<core::EtcdSnapshot>();
  REQUIRE(snapshot);
  REQUIRE(snapshot->keys.size() == 1);
  CHECK(snapshot->keys[0].value == garbage);
  CHECK(etcd.must<TxnDone>(put(kPrefix + "echo", garbage)).committed);
  const auto changed = etcd.next<core::EtcdChanged>();
  REQUIRE(changed);
  CHECK(changed->changes.at(0).kv.value == garbage);
}

TEST_CASE("the local member says who it is, who leads and that it votes") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();

  const auto status = etcd.must<core::MemberStatus>(core::ReadMember{});
  CHECK(status.member != 0);
  CHECK(status.leader == status.member);
  CHECK(status.term > 0);
  CHECK_FALSE(status.learner);
  CHECK(status.version.find("3.") == 0);
}

TEST_CASE("a write without an answer is unknown, and a read tells what became of it [E21]",
          "[E21]") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  REQUIRE(etcd.next<core::EtcdSnapshot>());

  cluster.freeze(0);
  const base::Instant asked = etcd.clock.now();
  const auto answer = etcd.ask<TxnDone>(put(kLeader, "mine"), 300ms);
  REQUIRE(std::holds_alternative<EtcdFailed>(answer));
  const auto& failed = std::get<EtcdFailed>(answer);
  CHECK(failed.unknown);
  CHECK(failed.why.find(cluster.endpoint(0)) != std::string::npos);
  CHECK(failed.sent_at >= asked);
  CHECK(etcd.clock.now() - asked < 2s);

  cluster.thaw(0);
  const KeyRead after = etcd.must<KeyRead>(read(kLeader), 10s);
  INFO("applied: " << after.found.has_value());
  CHECK((!after.found || after.found->value == "mine"));
}

TEST_CASE("what cannot leave any more is not sent, and known not to be applied") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  Harness etcd({cluster.endpoint(0)}, cluster.files());
  etcd.adapter.start();
  REQUIRE(etcd.next<core::EtcdSnapshot>());

  etcd.adapter.carry_out(Txn{.call = 7,
                             .compare = {},
                             .write = {Put{kLeader, "late", 0}},
                             .deadline = etcd.clock.now() - 1ms});
  CHECK(etcd.events.size() == etcd.seen);  // never from within carry_out()
  const auto failed = etcd.next<EtcdFailed>();
  REQUIRE(failed);
  CHECK(failed->call == 7);
  CHECK_FALSE(failed->unknown);
  CHECK_FALSE(etcd.must<KeyRead>(read(kLeader)).found);
}

TEST_CASE("ending it does not wait for etcd, nor leave anything behind on the loop") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(1);
  boost::asio::io_context loop;
  const base::SystemClock clock;
  base::Log log(base::LogFormat::kConsole, base::LogLevel::kError, clock);
  int late = 0;
  bool ended = false;
  bool listed = false;
  auto adapter = std::make_unique<Adapter>(
      loop, clock, log, Options{{cluster.endpoint(0)}, cluster.files(), kPrefix},
      [&](const core::Event& event) {
        listed = listed || std::holds_alternative<core::EtcdSnapshot>(event);
        late += ended ? 1 : 0;
      });
  adapter->start();
  while (!listed) loop.run_one_for(10ms);
  cluster.freeze(0);
  for (core::CallId call = 1; call < 50; ++call) {
    adapter->carry_out(core::ReadKey{call, kLeader, clock.now() + 60s});
    adapter->carry_out(core::KeepLease{1000 + call, 77, clock.now() + 60s});
  }
  const base::Instant before = clock.now();
  adapter.reset();
  ended = true;
  CHECK(clock.now() - before < 2s);
  loop.run_for(500ms);
  CHECK(late == 0);
}

}  // namespace
}  // namespace vipd::etcd
