// Every call of the machine service, over a real connection.
#include "talos/machine.h"

#include <string>

#include "talos/config_calls.h"
#include "tests/talos/harness.h"
#include "tests/talos/tar_gz.h"

namespace vipd::talos {

using Catch::Contains;

TEST_CASE("What a node tells about itself comes over") {
  const Harness lab;
  const auto client = lab.client({"os:reader"});
  const auto told = version(*client, lab.target());
  INFO(text(told.status()));
  REQUIRE(told.ok());
  CHECK(told->tag == "v1.13.9");
  CHECK(told->sha == "3ebd10a7");
  CHECK(told->arch == "amd64");
  CHECK(told->platform == "hcloud");
  CHECK(told->rbac);
  CHECK(hostname(*client, lab.target()).value() == "cp-1");

  const auto running = services(*client, lab.target()).value();
  REQUIRE(running.size() == 2);
  CHECK(running[0].id == "etcd");
  CHECK(running[0].state == "Running");
  CHECK(running[0].healthy);
  CHECK(running[0].health_known);
  CHECK(running[0].last_message == "fine");
  CHECK_FALSE(running[1].health_known);
}

TEST_CASE("What etcd tells through a node comes over, with whole 64 bit ids") {
  const Harness lab;
  const auto client = lab.client({"os:etcd:backup"});
  const auto members = etcd_members(*client, lab.target()).value();
  REQUIRE(members.size() == 1);
  CHECK(members[0].id == 0xfedcba9876543210);
  CHECK(members[0].hostname == "cp-1");
  CHECK(members[0].peer_urls == std::vector<std::string>{"https://10.0.0.2:2380"});
  CHECK(members[0].client_urls == std::vector<std::string>{"https://10.0.0.2:2379"});
  CHECK(members[0].learner);

  const auto status = etcd_status(*client, lab.target()).value();
  CHECK(status.member == 0xfedcba9876543210);
  CHECK(status.leader == 7);
  CHECK(status.version == "3.6.5");
  CHECK(status.db_bytes == 4096);
  CHECK(status.db_bytes_in_use == 2048);
  CHECK(status.raft_index == 12);
  CHECK(status.raft_applied_index == 11);
  CHECK(status.raft_term == 3);
  CHECK_FALSE(status.learner);
  CHECK(status.errors == std::vector<std::string>{"NOSPACE"});

  const auto alarms = etcd_alarms(*client, lab.target()).value();
  REQUIRE(alarms.size() == 2);
  CHECK(alarms[0].member == 7);
  CHECK(alarms[0].kind == EtcdAlarm::Kind::kNoSpace);
  CHECK(alarms[1].kind == EtcdAlarm::Kind::kCorrupt);
}

TEST_CASE("Applying a config always says in which mode") {
  Harness lab;
  const auto client = lab.client();
  using Request = machine::ApplyConfigurationRequest;
  const base::Secret config("version: v1alpha1\n");
  for (const auto& [mode, sent] : {std::pair(ApplyMode::kAuto, Request::AUTO),
                                   std::pair(ApplyMode::kNoReboot, Request::NO_REBOOT),
                                   std::pair(ApplyMode::kStaged, Request::STAGED),
                                   std::pair(ApplyMode::kTry, Request::TRY)}) {
    const auto applied = apply_configuration(*client, lab.target(), config, mode,
                                             {.dry_run = true, .undone_after = 90s});
    REQUIRE(applied.ok());
    CHECK(applied->mode == "no-reboot");
    CHECK_THAT(applied->details, Contains("without a reboot"));
    CHECK(applied->warnings == std::vector<std::string>{"mind the gap"});
    CHECK(lab.node.applied().mode() == sent);
    CHECK(lab.node.applied().dry_run());
    CHECK(lab.node.applied().data() == config.reveal());
    CHECK(lab.node.applied().try_mode_timeout().seconds() == (mode == ApplyMode::kTry ? 90 : 0));
  }
  REQUIRE(apply_configuration(*client, lab.target(), config, ApplyMode::kNoReboot).ok());
  CHECK_FALSE(lab.node.applied().dry_run());
}

TEST_CASE("A config that a node refuses is not repeated in the error") {
  Harness lab;
  lab.node.judge = [](const Seen&) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "config is being applied");
  };
  const auto applied = apply_configuration(*lab.client(), lab.target(),
                                           base::Secret("token: s3cr3t\n"), ApplyMode::kAuto);
  CHECK(applied.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK_THAT(text(applied.status()), Contains("config is being applied") && !Contains("s3cr3t"));
}

TEST_CASE("A config of ten megabytes goes there whole") {
  Harness lab;
  const std::string large(10 << 20, 'c');
  const auto applied =
      apply_configuration(*lab.client(), lab.target(), base::Secret(large), ApplyMode::kNoReboot);
  INFO(text(applied.status()));
  REQUIRE(applied.ok());
  CHECK(lab.node.applied().data() == large);
}

TEST_CASE("Leadership is forfeited and client certificates are made by an administrator") {
  const Harness lab;
  const auto client = lab.client();
  CHECK(forfeit_etcd_leadership(*client, lab.target()).value() == "cp-2");
  const auto made =
      generate_client_configuration(*client, lab.target(), {"os:reader"}, 36h).value();
  CHECK(made.ca_pem == "ca");
  CHECK(made.certificate_pem == "crt for os:reader");
  CHECK(made.key_pem.reveal() == "129600 s");
  CHECK(made.talosconfig.reveal() == "contexts: {}");
}

TEST_CASE("A file and a log come in chunks, and no further than wanted") {
  Harness lab;
  lab.node.chunks = {"one ", "two ", "three"};
  const auto client = lab.client();
  CHECK(read_file(*client, lab.target(), "/etc/os-release", 13).value() == "one two three");
  CHECK(read_file(*client, lab.target(), "/etc/os-release", 12).status().code() ==
        absl::StatusCode::kOutOfRange);
  CHECK(logs(*client, lab.target(), {.id = "kubelet"}, 5).value() ==
        "system kubelet 0 5\none two three");
  CHECK(logs(*client, lab.target(),
             {.id = "kube-system/vipd", .driver = LogSource::Driver::kPods}, 1)
            .value() == "k8s.io kube-system/vipd 1 1\none two three");
}

TEST_CASE("An error that comes inside a stream is an error, not a short file") {
  Harness lab;
  lab.node.chunks = {"half"};
  lab.node.chunk_error = "read failed";
  const auto file = read_file(*lab.client(), lab.target(), "/etc/os-release", 100);
  CHECK_THAT(text(file.status()), Contains("Read on 10.0.0.2: read failed"));
}

TEST_CASE("A kubeconfig is unpacked from an archive that comes in pieces and was never closed") {
  Harness lab;
  const std::string yaml = "apiVersion: v1\nkind: Config\n";
  const std::string archive = gzip(header("kubeconfig", yaml.size()) + yaml);
  lab.node.chunks = {archive.substr(0, 20), archive.substr(20)};
  const auto config = kubeconfig(*lab.client(), lab.target());
  INFO(text(config.status()));
  REQUIRE(config.ok());
  CHECK(config->reveal() == yaml);
}

TEST_CASE("A kubeconfig that comes as junk or without end is refused") {
  Harness lab;
  lab.node.chunks = {"junk"};
  CHECK(kubeconfig(*lab.client(), lab.target()).status().code() == absl::StatusCode::kDataLoss);
  lab.node.chunks.assign(40, std::string(1 << 16, 'z'));
  CHECK(kubeconfig(*lab.client(), lab.target()).status().code() ==
        absl::StatusCode::kOutOfRange);
}

TEST_CASE("An answer without its message, or with two, is an error") {
  Harness lab;
  for (const int messages : {0, 2}) {
    lab.node.messages = messages;
    const auto told = version(*lab.client(), lab.target());
    CHECK(told.status().code() == absl::StatusCode::kInternal);
    CHECK_THAT(text(told.status()), Contains("Version on 10.0.0.2"));
  }
}

}  // namespace vipd::talos
