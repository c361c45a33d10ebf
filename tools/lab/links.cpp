#include "tools/lab/links.h"

#include <fmt/format.h>

#include "base/file.h"
#include "tools/lab/namespaces.h"

namespace vipd::lab {
namespace {

using Calls = std::vector<std::vector<std::string>>;

absl::Status set_kernel(const std::string& node,
                        const std::vector<std::pair<std::string, std::string>>& settings) {
  return in_network(node, [&]() -> absl::Status {
    for (const auto& [key, value] : settings) {
      const std::string path = "/proc/sys/net/" + key;
      std::FILE* file = std::fopen(path.c_str(), "w");
      if (file == nullptr) return absl::ErrnoToStatus(errno, "cannot write " + path);
      const bool written = std::fputs(value.c_str(), file) >= 0;
      if (std::fclose(file) != 0 || !written)
        return absl::ErrnoToStatus(errno, fmt::format("cannot set {} to {}", path, value));
    }
    return absl::OkStatus();
  });
}

// Strict reverse-path filtering is what Talos nodes run with. No duplicate address detection:
// a v6 address must be usable at once, as on a server that has booted.
absl::Status set_common_rules(const std::string& node) {
  return set_kernel(node, {{"ipv4/conf/all/rp_filter", "1"},
                           {"ipv4/conf/default/rp_filter", "1"},
                           {"ipv6/conf/all/accept_dad", "0"},
                           {"ipv6/conf/default/accept_dad", "0"},
                           {"ipv6/conf/all/accept_ra", "0"},
                           {"ipv6/conf/default/accept_ra", "0"}});
}

}  // namespace

absl::Status Links::ip(const Calls& calls, const std::string& node) {
  for (const auto& call : calls) {
    std::vector<std::string> argv{"ip"};
    if (node != kOutside) argv.insert(argv.end(), {"-n", node});
    argv.insert(argv.end(), call.begin(), call.end());
    if (const auto ran = children_.run(argv); !ran.ok()) return ran.status();
  }
  return absl::OkStatus();
}

absl::Status Links::build_outside() {
  if (auto set = set_common_rules(kOutside); !set.ok()) return set;
  if (auto set =
          set_kernel(kOutside, {{"ipv4/ip_forward", "1"}, {"ipv6/conf/all/forwarding", "1"}});
      !set.ok())
    return set;
  Calls calls{{"link", "set", "lo", "up"}};
  // The client's address comes first: it is then the source of whatever is sent from here.
  for (const char* address :
       {kClientV4, kPublicGateway, kPrivateGateway, kHetznerAddress, kMetadataAddress, kClientV6})
    calls.push_back({"addr", "add", address, "dev", "lo"});
  return ip(calls, kOutside);
}

absl::Status Links::add(const NodePlan& node) {
  const Calls calls{
      {"netns", "add", node.name},
      {"link", "add", node.public_link, "type", "veth", "peer", "name", "eth0", "netns", node.name},
      {"link", "add", node.private_link, "type", "veth", "peer", "name", "eth1", "netns",
       node.name},
      {"addr", "add", fmt::format("{}/64", kPublicGatewayV6), "dev", node.public_link, "nodad"},
      {"link", "set", node.public_link, "up"},
      {"link", "set", node.private_link, "up"},
      {"route", "add", node.public_v4, "dev", node.public_link},
      // From the network's gateway: an answer to any other address would leave by eth0, and the
      // node's strict reverse-path filter drops what it would not answer that way.
      {"route", "add", node.private_v4, "dev", node.private_link, "src", kPrivateGateway},
      {"route", "add", node.public_v6_network, "dev", node.public_link},
  };
  if (auto made = ip(calls, kOutside); !made.ok()) return made;
  return set_common_rules(node.name);
}

absl::Status Links::remove(const NodePlan& node) {
  // Deleting one end of a veth deletes both; the namespace alone would go only when its last
  // process has gone.
  return ip({{"link", "del", node.public_link},
             {"link", "del", node.private_link},
             {"netns", "del", node.name}},
            kOutside);
}

absl::Status Links::plug(const NodePlan& node) {
  return ip({{"link", "set", "lo", "up"},
             {"link", "set", "eth0", "up"},
             {"link", "set", "eth1", "up"},
             {"addr", "add", node.public_v4, "dev", "eth0"},
             {"addr", "add", node.public_v6 + "/64", "dev", "eth0", "nodad"},
             {"addr", "add", node.private_v4, "dev", "eth1"},
             {"route", "add", "default", "via", kPublicGateway, "dev", "eth0", "onlink"},
             {"route", "add", "default", "via", kPublicGatewayV6, "dev", "eth0"},
             {"route", "add", kPrivateGateway, "dev", "eth1"},
             {"route", "add", kPrivateNetwork, "via", kPrivateGateway, "dev", "eth1"}},
            node.name);
}

absl::Status Links::unplug(const NodePlan& node) {
  // A node that lost power has forgotten its addresses, those on lo too.
  Calls calls;
  for (const char* link : {"eth0", "eth1", "lo"}) {
    calls.push_back({"addr", "flush", "dev", link});
    calls.push_back({"link", "set", link, "down"});
  }
  return ip(calls, node.name);
}

absl::Status Links::cut(const NodePlan& node, const std::set<Cut>& cuts, const std::string& file) {
  if (auto written = base::write_file_atomically(file, ruleset(cuts)); !written.ok())
    return written;
  return children_.run({"nft", "-f", file}, node.name).status();
}

absl::StatusOr<Cut> parse_cut(const std::string& word) {
  for (const Cut cut : {Cut::kEtcd, Cut::kPeers, Cut::kHetzner})
    if (cut_text(cut) == word) return cut;
  return absl::InvalidArgumentError(
      fmt::format("cannot cut a node off from '{}': etcd, peers or hetzner", word));
}

std::string cut_text(Cut cut) {
  switch (cut) {
    case Cut::kEtcd:
      return "etcd";
    case Cut::kPeers:
      return "peers";
    case Cut::kHetzner:
      return "hetzner";
  }
  return "";
}

std::string ruleset(const std::set<Cut>& cuts) {
  std::string in;
  std::string out;
  const auto drop = [&](const std::string& match_in, const std::string& match_out) {
    in += fmt::format("    iifname \"eth*\" {} drop\n", match_in);
    out += fmt::format("    oifname \"eth*\" {} drop\n", match_out);
  };
  if (cuts.contains(Cut::kEtcd))
    for (const char* port : {"tcp dport { 2379, 2380 }", "tcp sport { 2379, 2380 }"})
      drop(port, port);
  if (cuts.contains(Cut::kPeers)) {
    // The gateway is in the private range too, and no peer.
    drop(fmt::format("ip saddr {} ip saddr != {}", kPrivateNetwork, kPrivateGateway),
         fmt::format("ip daddr {} ip daddr != {}", kPrivateNetwork, kPrivateGateway));
    drop(fmt::format("ip saddr {}", kPublicRange), fmt::format("ip daddr {}", kPublicRange));
    drop(fmt::format("ip6 saddr {}", kPublicRangeV6), fmt::format("ip6 daddr {}", kPublicRangeV6));
    drop(fmt::format("ip saddr {}", kFipV4), fmt::format("ip daddr {}", kFipV4));
    drop(fmt::format("ip6 saddr {}", kFipV6Network), fmt::format("ip6 daddr {}", kFipV6Network));
  }
  if (cuts.contains(Cut::kHetzner))
    for (const char* address : {kHetznerAddress, kMetadataAddress})
      drop(fmt::format("ip saddr {}", address), fmt::format("ip daddr {}", address));
  std::string rules = "table inet lab\ndelete table inet lab\n";
  if (cuts.empty()) return rules;
  rules += fmt::format(
      "table inet lab {{\n"
      "  chain in {{\n    type filter hook input priority 0; policy accept;\n{}  }}\n"
      "  chain out {{\n    type filter hook output priority 0; policy accept;\n{}  }}\n}}\n",
      in, out);
  return rules;
}

}  // namespace vipd::lab
