#include "vipd/core/config.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/str_cat.h"
#include "vipd/core/config_timing.h"

namespace vipd::core {
namespace {

using Problems = std::vector<std::string>;

bool alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// One to 63 letters and digits; `between` may also stand inside.
bool is_name(std::string_view text, std::string_view between) {
  const auto allowed = [&](char c) { return alphanumeric(c) || between.find(c) != between.npos; };
  return !text.empty() && text.size() <= 63 && alphanumeric(text.front()) &&
         alphanumeric(text.back()) && std::all_of(text.begin(), text.end(), allowed);
}

bool is_lower_name(std::string_view text) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  return is_name(text, "-") && std::none_of(text.begin(), text.end(), upper);
}

bool is_dns_name(std::string_view text) {
  if (text.size() > 253) return false;
  for (auto dot = text.find('.'); dot != text.npos; dot = text.find('.')) {
    if (!is_lower_name(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return is_lower_name(text);
}

bool is_label_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == key.npos) return is_name(key, "-_.");
  return is_dns_name(key.substr(0, slash)) && is_name(key.substr(slash + 1), "-_.");
}

void check_key_part(Problems& problems, std::string_view setting, std::string_view value) {
  if (is_lower_name(value)) return;
  problems.push_back(fmt::format(
      "{} is \"{}\": it becomes a part of etcd keys and must be 1 to 63 of a-z, 0-9 and, "
      "inside, \"-\", such as \"prod\"",
      setting, value));
}

// hetzner-api.md 10.6: [prefix/]name, name and value up to 63, hetzner.cloud/ reserved.
void check_labels(Problems& problems, const std::map<std::string, std::string>& labels) {
  if (labels.empty()) {
    problems.push_back(
        "labels is empty: name at least one label that every Floating IP of the group carries, "
        "such as vipd: prod");
  }
  for (const auto& [key, value] : labels) {
    if (!is_label_key(key)) {
      problems.push_back(fmt::format(
          "labels has the key \"{}\": it must be [prefix/]name, the name 1 to 63 letters, digits "
          "and, inside, \"-_.\", the prefix a DNS name",
          key));
    } else if (key.substr(0, key.find('/')) == "hetzner.cloud") {
      problems.push_back(
          fmt::format("labels has the key \"{}\": Hetzner reserves that prefix", key));
    }
    if (!value.empty() && !is_name(value, "-_.")) {
      problems.push_back(fmt::format(
          "labels has {}={}: the value must be up to 63 letters, digits and, inside, \"-_.\"", key,
          value));
    }
  }
}

// Addresses that no cloud routes to a node, and that would hurt it on `lo`.
bool is_special(const IpAddress& address) {
  const std::string text = address.text();
  const auto first = address.bytes[0];
  if (address.family == base::Family::kV6) {
    return text == "::" || text == "::1" || first == 0xff || text.rfind("fe80:", 0) == 0;
  }
  return first == 0 || first == 127 || first >= 224 || text.rfind("169.254.", 0) == 0;
}

void check_fip(Problems& problems, const Config& config, const DeclaredFip& fip) {
  constexpr FipId kMostId = (FipId{1} << 53) - 1;  // JSON numbers are exact up to here
  const std::string text = fip.address.text();
  if (fip.id < 1 || fip.id > kMostId) {
    problems.push_back(fmt::format(
        "addresses has the id {} for {}: Hetzner's ids are 1 to {}; `hcloud floating-ip list` "
        "shows them",
        fip.id, text, kMostId));
  }
  if (is_special(fip.address)) {
    problems.push_back(fmt::format("addresses has {}: a Floating IP is never that", text));
  }
  for (const auto& subnet : config.node_subnets) {
    if (!subnet.contains(fip.address)) continue;
    problems.push_back(fmt::format("addresses has {}, which is inside nodeSubnets {}: that is "
                                   "where the nodes' own addresses are", text, subnet.text()));
  }
  if (fip.address.family == base::Family::kV6 && !config.address_guards_proven) {
    problems.push_back(fmt::format(
        "addresses has {} while addressGuardsProven is false: IPv6 has no host scope, so Talos "
        "could advertise it as etcd's own (rule N8). Set cluster.etcd.advertisedSubnets and "
        "machine.kubelet.nodeIP.validSubnets first, then addressGuardsProven: true",
        text));
  }
}

void check_fips(Problems& problems, const Config& config) {
  if (config.fips.empty()) {
    problems.push_back("addresses is empty: name at least one Floating IP, {id: 1234, address: "
                       "203.0.113.10}");
  }
  std::set<FipId> ids;
  std::set<IpAddress> addresses;
  for (const DeclaredFip& fip : config.fips) {
    check_fip(problems, config, fip);
    if (!ids.insert(fip.id).second) {
      problems.push_back(fmt::format("addresses has the id {} twice", fip.id));
    }
    if (!addresses.insert(fip.address).second) {
      problems.push_back(fmt::format("addresses has {} twice", fip.address.text()));
    }
  }
}

}  // namespace

std::string Config::prefix() const { return absl::StrCat("/vipd/", cluster, "/", group, "/"); }

std::string Config::label_selector() const {
  std::string selector;
  for (const auto& [key, value] : labels) {
    if (!selector.empty()) selector += ",";
    selector += value.empty() ? key : fmt::format("{}={}", key, value);
  }
  return selector;
}

absl::Status validate(const Config& config) {
  Problems problems;
  check_key_part(problems, "cluster", config.cluster);
  check_key_part(problems, "group", config.group);
  check_fips(problems, config);
  check_labels(problems, config.labels);
  for (std::string& problem : timing_problems(config.timing)) {
    problems.push_back(std::move(problem));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace vipd::core
