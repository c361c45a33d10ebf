#include "vipd/etcd/members.h"

#include <string>

#include "tests/etcd/harness.h"

namespace vipd::etcd {
namespace {

Members open(const fakes::EtcdCluster& cluster, int member) {
  auto members =
      Members::open(cluster.endpoint(member), cluster.files(), base::SystemClock().wall());
  REQUIRE(members.ok());
  return *std::move(members);
}

TEST_CASE("members are listed, learners added and removed") {
  SKIP_WITHOUT_ETCD();
  const fakes::EtcdCluster cluster(1);
  Members members = open(cluster, 0);
  const auto one = members.list(5s);
  REQUIRE(one.ok());
  REQUIRE(one->size() == 1);
  CHECK(one->front().name == "m0");
  CHECK(one->front().client_urls == std::vector{cluster.endpoint(0)});
  CHECK_FALSE(one->front().learner);

  const auto added = members.add_learner("https://127.0.0.1:1", 5s);
  REQUIRE(added.ok());
  CHECK(added->learner);
  CHECK(added->name.empty());
  CHECK(added->peer_urls == std::vector<std::string>{"https://127.0.0.1:1"});
  CHECK(members.list(5s)->size() == 2);
  CHECK(members.promote(added->id, 5s).code() == absl::StatusCode::kFailedPrecondition);

  CHECK(members.remove(added->id, 5s).ok());
  CHECK(members.list(5s)->size() == 1);
  CHECK(members.remove(added->id, 5s).code() == absl::StatusCode::kNotFound);
}

TEST_CASE("the leadership moves to the member that is named") {
  SKIP_WITHOUT_ETCD();
  fakes::EtcdCluster cluster(3);
  const int from = cluster.leader();
  const int to = (from + 1) % 3;
  const auto target = open(cluster, to).status(5s);
  REQUIRE(target.ok());
  CHECK(target->leader != target->member);
  CHECK(target->version.find("3.") == 0);
  CHECK_FALSE(target->learner);
  REQUIRE(open(cluster, from).move_leader(target->member, 5s).ok());
  CHECK(cluster.leader() == to);
}

TEST_CASE("a member that is not there costs no more than the timeout") {
  SKIP_WITHOUT_ETCD();
  const fakes::EtcdCluster cluster(1, /*running=*/false);
  const base::SystemClock clock;
  const base::Instant asked = clock.now();
  const auto status = open(cluster, 0).status(300ms);
  CHECK(status.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(clock.now() - asked < 2s);
  CHECK(Members::open(cluster.endpoint(0), {"/no/ca", "/no/crt", "/no/key"}, clock.wall())
            .status()
            .code() == absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace vipd::etcd
