// Hetzner's side as vipctl reads it: Floating IPs, listed whole. It writes nothing.
//
// Token    HCLOUD_TOKEN, else the file that HCLOUD_TOKEN_FILE names; it reaches no text.
// Where    HCLOUD_ENDPOINT, else vipd.yaml's hcloud.endpoint, else Hetzner's own. Never plain
//          http beyond this machine: the token would travel in clear.
// Threads  Blocking; any one thread.
// Errors   InvalidArgument (endpoint), FailedPrecondition (no usable token), else Unavailable
//          with what the API said and the next step.
// Source   facts/hetzner-api.md 10.5 (Floating IPs), 10.6 (pages).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/secret.h"
#include "tools/vipctl/environment.h"
#include "vipd/core/event.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

struct HetznerAccess {
  std::string endpoint;
  std::string ca_file;  // PEM; empty: the system's store
  base::Secret token;
};

absl::StatusOr<HetznerAccess> hetzner_access(const Environment& around,
                                             const std::optional<shell::Settings>& declared);

// With an empty selector: all of the token's project.
absl::StatusOr<std::vector<core::FloatingIp>> list_floating_ips(const HetznerAccess& access,
                                                                const std::string& selector,
                                                                const base::Clock& clock);

}  // namespace vipd::vipctl
