// Whom a call reaches, as whom, and for how long.
#include "talos/client.h"

#include <thread>

#include "talos/config_calls.h"
#include "talos/machine.h"
#include "tests/talos/harness.h"

namespace vipd::talos {

using Catch::Contains;

TEST_CASE("A call names its node under the key node, and no key nodes") {
  Harness lab;
  const auto client = lab.client();
  REQUIRE(version(*client, lab.target("10.0.0.7")).ok());
  REQUIRE(hostname(*client, lab.target("")).ok());
  const auto seen = lab.node.seen();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].node == "10.0.0.7");
  CHECK(seen[1].node.empty());
  for (const Seen& call : seen) CHECK_FALSE(call.has_nodes);
}

TEST_CASE("A node's name that would break the request is refused here") {
  Harness lab;
  const auto told = version(*lab.client(), lab.target("cp-1\r\nnodes: x"));
  CHECK(told.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(lab.node.seen().empty());
}

TEST_CASE("A role that is missing is named, for every call that needs more than reading") {
  const Harness lab;
  const auto client = lab.client({"os:reader"});
  const auto target = lab.target();
  const base::Secret config("c");
  for (const absl::Status& status :
       {kubeconfig(*client, target).status(),
        generate_client_configuration(*client, target, {"os:admin"}, 1h).status(),
        apply_configuration(*client, target, config, ApplyMode::kAuto).status(),
        forfeit_etcd_leadership(*client, target).status(),
        read_file(*client, target, "/etc/hosts", 1000).status()}) {
    CHECK(status.code() == absl::StatusCode::kPermissionDenied);
    CHECK_THAT(text(status), Contains("needs the role os:admin") &&
                                 Contains("context \"lab\" has os:reader") &&
                                 Contains("on 10.0.0.2 through " + lab.node.endpoint()));
  }
  CHECK(client->roles() == std::vector<std::string>{"os:reader"});
  CHECK(client->expires().seconds > lab.clock.wall().seconds);
}

TEST_CASE("A call ends at its deadline, although the node goes on") {
  Harness lab;
  lab.node.hang("Version");
  const auto client = lab.client();
  const base::Instant begin = lab.clock.now();
  const auto told = version(*client, lab.target("10.0.0.2", 300ms));
  CHECK(told.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(lab.clock.now() - begin >= 290ms);
  CHECK(lab.clock.now() - begin < 5s);
  CHECK_THAT(text(told.status()), Contains("Version on 10.0.0.2 through " + lab.node.endpoint()) &&
                                      Contains("allow more time"));
  CHECK(hostname(*client, lab.target()).ok());
}

TEST_CASE("Failures of a node keep their code and say whose they are") {
  Harness lab;
  const auto client = lab.client();
  for (const auto& [code, hint] :
       {std::pair(grpc::StatusCode::UNIMPLEMENTED, "does not offer the call"),
        std::pair(grpc::StatusCode::NOT_FOUND, "nothing of this name"),
        std::pair(grpc::StatusCode::UNAVAILABLE, "did not reach 10.0.0.2"),
        std::pair(grpc::StatusCode::UNKNOWN, "the node's words")}) {
    lab.node.judge = [code = code](const Seen&) { return grpc::Status(code, "the node's words"); };
    const auto told = version(*client, lab.target());
    CHECK(static_cast<int>(told.status().code()) == static_cast<int>(code));
    CHECK_THAT(text(told.status()), Contains("the node's words") && Contains(hint));
  }
}

TEST_CASE("A worker that is taken for an endpoint says what to take instead") {
  Harness lab;
  lab.node.judge = [](const Seen&) {
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no request forwarding");
  };
  CHECK_THAT(text(version(*lab.client(), lab.target()).status()),
             Contains("is a worker") && Contains("control-plane node"));
}

TEST_CASE("Several nodes are asked at once through one client") {
  Harness lab;
  const auto client = lab.client();
  std::vector<absl::Status> results(8, absl::UnknownError(""));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] {
      results[i] = version(*client, lab.target("10.0.0." + std::to_string(i + 1))).status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) CHECK(result.ok());
  CHECK(lab.node.seen().size() == 8);
}

}  // namespace vipd::talos
