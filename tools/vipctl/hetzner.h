// What Hetzner has: Floating IPs, listed whole, and servers.
//
// Threads  Blocking; any one thread.
// Errors   hetzner_session.h's; Unavailable also where an answer cannot be read.
// Source   facts/hetzner-api.md 10.5 (Floating IPs), 10.6 (pages), 10.7 (servers).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/vipctl/hetzner_session.h"
#include "vipd/hcloud/messages.h"

namespace vipd::vipctl {

struct HetznerFip {
  core::FloatingIp seen;  // as the daemon sees it
  std::string type;       // ipv4, ipv6
  std::string location;   // its home, such as fsn1
  bool is_protected = false;
};
using HetznerFips = std::vector<HetznerFip>;

struct HetznerServer {
  hcloud::Server seen;
  std::string status;  // running, off, ...
  std::map<std::string, std::string> labels;
};

// With an empty selector: all of the token's project.
absl::StatusOr<HetznerFips> list_floating_ips(HetznerSession& session,
                                              const std::string& selector);

// By its id or its exact name. NotFound.
absl::StatusOr<HetznerServer> find_server(HetznerSession& session, const std::string& id_or_name);

// As the core's allowlist takes them.
[[nodiscard]] std::vector<core::FloatingIp> as_the_daemon_sees(const HetznerFips& fips);

}  // namespace vipd::vipctl
