#include "tools/vipctl/holder.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "tools/vipctl/fetch.h"

namespace vipd::vipctl {
namespace {

using namespace std::chrono_literals;

constexpr int kMisses = 3;
constexpr Duration kAnswerWithin = 1s;
constexpr Duration kBetween = 1s;

bool has(const sockaddr* socket_address, const core::IpAddress& address) {
  if (socket_address == nullptr) return false;
  const bool is_v4 = address.family == base::Family::kV4;
  if (socket_address->sa_family != (is_v4 ? AF_INET : AF_INET6)) return false;
  if (is_v4) {
    sockaddr_in v4{};
    std::memcpy(&v4, socket_address, sizeof v4);
    return std::memcmp(&v4.sin_addr, address.bytes.data(), sizeof v4.sin_addr) == 0;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, socket_address, sizeof v6);
  return std::memcmp(&v6.sin6_addr, address.bytes.data(), sizeof v6.sin6_addr) == 0;
}

bool is_on_this_machine(const core::IpAddress& address) {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return false;
  bool found = false;
  for (const ifaddrs* each = all; each != nullptr && !found; each = each->ifa_next) {
    found = has(each->ifa_addr, address);
  }
  freeifaddrs(all);
  return found;
}

bool is_silence(const absl::Status& shaken) {
  return absl::IsDeadlineExceeded(shaken) || absl::IsUnavailable(shaken);
}

// True where Hetzner says that no server stands behind it.
absl::StatusOr<bool> is_nobodys(const core::FloatingIp& fip, HetznerSession& session) {
  if (!fip.server) return true;
  const auto server = find_server(session, std::to_string(*fip.server));
  if (absl::IsNotFound(server.status())) return true;
  if (!server.ok()) return server.status();
  return server->status == "off" || server->status == "deleting";
}

absl::Status answers(const core::IpAddress& address, std::uint16_t port, const base::Clock& clock) {
  absl::Status shaken;
  for (int miss = 0; miss < kMisses; ++miss) {
    if (miss > 0) pause(kBetween);
    shaken = handshake(address.text(), port, kAnswerWithin, clock);
    if (is_silence(shaken)) continue;
    return absl::FailedPreconditionError(fmt::format(
        "a holder answers at {} port {}{}: nothing is done. A vipd that lives is asked to move "
        "it: `vipd handover --to NODE --reason ...` on the holder",
        address.text(), port,
        shaken.ok() ? "" : fmt::format(" ({})", std::string(shaken.message()))));
  }
  return absl::OkStatus();
}

// The node's own public address: there the apiserver has the same port and the same way to it.
absl::Status check_the_way(const HetznerServer& target, std::uint16_t port,
                           const base::Clock& clock) {
  const std::string why =
      "nobody answers at the group's addresses, but a firewall on the way "
      "would look the same: ";
  const std::string next =
      "; run this where apiservers can be reached, bring that one up first, "
      "or power the server off that has the address";
  if (!target.seen.public_v4) {
    return absl::UnavailableError(
        fmt::format("{}{} has no public address to compare with{}", why, target.seen.name, next));
  }
  const std::string host = target.seen.public_v4->text();
  const absl::Status shaken = handshake(host, port, kAnswerWithin, clock);
  if (!is_silence(shaken)) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}the apiserver of {} at {} does not answer either{}",
                                            why, target.seen.name, host, next));
}

}  // namespace

absl::Status check_no_holder(const shell::Settings& settings, const HetznerFips& group,
                             const HetznerServer& target, HetznerSession& session,
                             const base::Clock& clock) {
  const std::uint16_t port = settings.apiserver.port;
  bool is_proven = true;
  for (const core::DeclaredFip& declared : settings.core.fips) {
    const auto fip = std::find_if(group.begin(), group.end(), [&](const HetznerFip& each) {
      return each.seen.id == declared.id;
    });
    const auto free = is_nobodys(fip->seen, session);
    if (!free.ok()) return free.status();
    if (*free) continue;
    is_proven = false;
    if (is_on_this_machine(declared.address)) {
      return absl::UnavailableError(fmt::format(
          "{} is on this machine itself, so asking there says nothing about the holder: run this "
          "from a machine that is no control plane",
          declared.address.text()));
    }
    const absl::Status silent = answers(declared.address, port, clock);
    if (!silent.ok()) return silent;
  }
  return is_proven ? absl::OkStatus() : check_the_way(target, port, clock);
}

}  // namespace vipd::vipctl
