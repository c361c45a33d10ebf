// What an operator has decided, as the core sees it. Constant for the life of a process.
//
// Sources  vipd.yaml through vipd/shell/settings; every relation below is checked by
//          validate(), which vipd calls at start and `vipd check-config` shows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "vipd/core/event.h"

namespace vipd::core {

struct DeclaredFip {  // the allowlist: what is not declared is never touched (rule A20)
  FipId id = 0;
  IpAddress address;  // v6: the one address inside the /64 that clients use
};

struct Timing {
  std::chrono::seconds ttl{5};  // of the etcd lease; below 4 s every etcd election suspends us
  Duration keepalive_every = std::chrono::milliseconds(1000);
  Duration etcd_deadline = std::chrono::milliseconds(300);
  Duration keepalive_deadline = std::chrono::milliseconds(400);
  Duration readyz_every = std::chrono::seconds(1);
  Duration readyz_deadline = std::chrono::milliseconds(900);
  Duration tls_every = std::chrono::milliseconds(200);
  Duration tls_deadline = std::chrono::milliseconds(300);
  Duration guard_valid = std::chrono::milliseconds(500);
  Duration assign_deadline = std::chrono::seconds(3);
  Duration read_deadline = std::chrono::seconds(5);  // a GET at Hetzner
  Duration read_every = std::chrono::seconds(125);   // +- 5 s
  Duration cooldown = std::chrono::seconds(60);
  Duration cooldown_most = std::chrono::minutes(15);
  Duration intent_within = std::chrono::seconds(2);
  Duration verified_within = std::chrono::seconds(20);
  Duration stop_within = std::chrono::seconds(15);  // after SIGTERM; the pod's grace is 20 s
};

enum class Mode {
  kManage,
  kObserve,  // writes nothing anywhere, says what it would do (rule O4)
};

struct Config {
  std::string cluster;
  std::string group = "api";
  std::string version;
  Mode mode = Mode::kManage;
  std::vector<DeclaredFip> fips;
  std::map<std::string, std::string> labels;  // every declared FIP must carry them
  std::vector<base::IpPrefix> node_subnets;   // where node addresses live; empty: any
  bool address_guards_proven = false;         // needed for v6 (rule N8)
  bool require_certificate = true;            // rule E9; false during a migration
  Timing timing;

  // "/vipd/<cluster>/<group>/"
  [[nodiscard]] std::string prefix() const;
  [[nodiscard]] std::string label_selector() const;
};

// InvalidArgument naming the setting, its value and the relation it breaks.
absl::Status validate(const Config& config);

}  // namespace vipd::core
