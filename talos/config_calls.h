// The calls of the machine API that hand out secrets or change something: os:admin only.
//
// Errors, threads, deadlines: talos/client.h. None of these is ever sent twice.
// Source  facts/talos.md 4.3, 4.4 and 4.6.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/secret.h"
#include "talos/client.h"

namespace vipd::talos {

// On the wire 0 stands for REBOOT. It is left out: kAuto reboots where a change needs it, and from
// 1.14 a node refuses it.
enum class ApplyMode { kAuto = 1, kNoReboot = 2, kStaged = 3, kTry = 4 };

struct ApplyOptions {
  bool dry_run = false;                   // nothing changes; `details` has the diff
  std::chrono::seconds undone_after{60};  // of kTry: then the old config is back
};

struct Applied {
  std::string mode;  // what the node made of kAuto: "no-reboot", "reboot", ...
  std::string details;
  std::vector<std::string> warnings;
};

// `config` is the whole machine config; FailedPrecondition while another is being applied.
absl::StatusOr<Applied> apply_configuration(const Client& client, const Target& target,
                                            const base::Secret& config, ApplyMode mode,
                                            const ApplyOptions& options = {});

// The member that leads after it; empty where this node did not lead.
absl::StatusOr<std::string> forfeit_etcd_leadership(const Client& client, const Target& target);

// An administrator's kubeconfig, as YAML. Control-plane nodes only.
absl::StatusOr<base::Secret> kubeconfig(const Client& client, const Target& target);

struct ClientConfiguration {
  std::string ca_pem;
  std::string certificate_pem;
  base::Secret key_pem;      // labelled as Talos does: "ED25519 PRIVATE KEY"
  base::Secret talosconfig;  // YAML, without endpoints
};
// A certificate with these roles, valid for `ttl`, which is above zero. Control-plane nodes only.
absl::StatusOr<ClientConfiguration> generate_client_configuration(
    const Client& client, const Target& target, const std::vector<std::string>& roles,
    std::chrono::seconds ttl);

// A regular file of the node. OutOfRange where it is larger than `limit` bytes.
absl::StatusOr<std::string> read_file(const Client& client, const Target& target,
                                      const std::string& path, std::size_t limit);

}  // namespace vipd::talos
