#include "vipd/shell/settings_table.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace vipd::shell {
namespace {

// `field` picks the member out of a Settings, const or not: one row serves set and show.
template <typename Field>
Setting row(std::string path, std::string_view help, Field field) {
  const Settings defaults;
  return {.path = std::move(path),
          .kind = kind_of(field(defaults)),
          .help = help,
          .set = [field](const Items& items, Settings& s) { return read_value(items, field(s)); },
          .show = [field](const Settings& s) { return show_value(field(s)); },
          .for_vipctl = false};
}

std::vector<Setting> group_rows() {
  return {
      row("cluster", "name of the cluster; a part of every etcd key",
          [](auto& s) -> auto& { return s.core.cluster; }),
      row("group", "name of the group of Floating IPs that move as one",
          [](auto& s) -> auto& { return s.core.group; }),
      row("mode", "manage; or observe: write nothing, say what would be done",
          [](auto& s) -> auto& { return s.core.mode; }),
      row("addresses", "the Floating IPs of the group; others are never touched",
          [](auto& s) -> auto& { return s.addresses; }),
      row("labels", "labels that each of these Floating IPs carries at Hetzner",
          [](auto& s) -> auto& { return s.core.labels; }),
      row("nodeSubnets", "where the nodes' own addresses live; empty: anywhere",
          [](auto& s) -> auto& { return s.core.node_subnets; }),
      row("addressGuardsProven", "Talos' advertisedSubnets and nodeIP.validSubnets are in force",
          [](auto& s) -> auto& { return s.core.address_guards_proven; }),
      row("requireCertificate", "only a node whose certificate names the Floating IP is ready",
          [](auto& s) -> auto& { return s.core.require_certificate; }),
  };
}

std::vector<Setting> peer_rows() {
  return {
      row("etcd.endpoints", "etcd members to speak to, the local one first",
          [](auto& s) -> auto& { return s.etcd.endpoints; }),
      row("etcd.ca", "PEM file: who signs etcd's certificates",
          [](auto& s) -> auto& { return s.etcd.ca; }),
      row("etcd.cert", "PEM file: client certificate for etcd",
          [](auto& s) -> auto& { return s.etcd.cert; }),
      row("etcd.key", "PEM file: its key", [](auto& s) -> auto& { return s.etcd.key; }),
      row("hcloud.endpoint", "Hetzner Cloud API",
          [](auto& s) -> auto& { return s.hcloud.endpoint; }),
      row("hcloud.ca", "PEM file: who signs its certificate; empty: the system's store",
          [](auto& s) -> auto& { return s.hcloud.ca_file; }),
      row("hcloud.tokenFile", "file that holds the API token and nothing else",
          [](auto& s) -> auto& { return s.hcloud.token_file; }),
      row("metadata.endpoint", "Hetzner's metadata service",
          [](auto& s) -> auto& { return s.metadata.endpoint; }),
      row("apiserver.port", "port of every node's kube-apiserver",
          [](auto& s) -> auto& { return s.apiserver.port; }),
      row("apiserver.ca", "PEM file: who signs its certificate",
          [](auto& s) -> auto& { return s.apiserver.ca; }),
      row("apiserver.cert", "PEM file: client certificate for it",
          [](auto& s) -> auto& { return s.apiserver.cert; }),
      row("apiserver.key", "PEM file: its key", [](auto& s) -> auto& { return s.apiserver.key; }),
  };
}

std::vector<Setting> etcd_and_probe_timing_rows() {
  return {
      row("timing.ttl", "of the etcd lease: how long a silent holder keeps the key",
          [](auto& s) -> auto& { return s.core.timing.ttl; }),
      row("timing.keepaliveEvery", "time between two keepalives",
          [](auto& s) -> auto& { return s.core.timing.keepalive_every; }),
      row("timing.etcdDeadline", "of a request to etcd",
          [](auto& s) -> auto& { return s.core.timing.etcd_deadline; }),
      row("timing.keepaliveDeadline", "of a keepalive",
          [](auto& s) -> auto& { return s.core.timing.keepalive_deadline; }),
      row("timing.readyzEvery", "time between two questions to /readyz",
          [](auto& s) -> auto& { return s.core.timing.readyz_every; }),
      row("timing.readyzDeadline", "of such a question",
          [](auto& s) -> auto& { return s.core.timing.readyz_deadline; }),
      row("timing.tlsEvery", "time between two TLS handshakes with an apiserver",
          [](auto& s) -> auto& { return s.core.timing.tls_every; }),
      row("timing.tlsDeadline", "of such a handshake",
          [](auto& s) -> auto& { return s.core.timing.tls_deadline; }),
  };
}

std::vector<Setting> assign_timing_rows() {
  return {
      row("timing.guardValid", "an assign leaves at most this long after its guard",
          [](auto& s) -> auto& { return s.core.timing.guard_valid; }),
      row("timing.assignDeadline", "of an assign, from its guard",
          [](auto& s) -> auto& { return s.core.timing.assign_deadline; }),
      row("timing.readDeadline", "of a read at Hetzner",
          [](auto& s) -> auto& { return s.core.timing.read_deadline; }),
      row("timing.readEvery", "time between two of the holder's reads",
          [](auto& s) -> auto& { return s.core.timing.read_every; }),
      row("timing.cooldown", "rest after an unplanned move; doubles with each further one",
          [](auto& s) -> auto& { return s.core.timing.cooldown; }),
      row("timing.cooldownMost", "the longest such rest",
          [](auto& s) -> auto& { return s.core.timing.cooldown_most; }),
      row("timing.intentWithin", "a new holder has begun to assign within this time",
          [](auto& s) -> auto& { return s.core.timing.intent_within; }),
      row("timing.verifiedWithin", "a new holder is verified within this time",
          [](auto& s) -> auto& { return s.core.timing.verified_within; }),
      row("timing.stopWithin", "vipd ends within this time after SIGTERM",
          [](auto& s) -> auto& { return s.core.timing.stop_within; }),
  };
}

std::vector<Setting> process_rows() {
  return {
      row("stateDir", "folder for status.json and the journal",
          [](auto& s) -> auto& { return s.state_dir; }),
      row("socket", "unix socket for orders and status; default: vipd.sock in stateDir",
          [](auto& s) -> auto& { return s.socket; }),
      row("listen", "ADDRESS:PORT of the read-only HTTP server; empty: off",
          [](auto& s) -> auto& { return s.listen; }),
      row("log.format", "console for people, json for collectors",
          [](auto& s) -> auto& { return s.log.format; }),
      row("log.level", "the least that is logged", [](auto& s) -> auto& { return s.log.level; }),
  };
}

std::vector<Setting> render_rows() {
  std::vector<Setting> rows = {
      row("endpoint.host", "vipctl: the endpoint's address or DNS name; default: the first address",
          [](auto& s) -> auto& { return s.endpoint.host; }),
      row("endpoint.old", "vipctl: the endpoint to leave, such as https://192.0.2.1:6443",
          [](auto& s) -> auto& { return s.endpoint.old; }),
      row("endpoint.names", "vipctl: further names and addresses for certificates",
          [](auto& s) -> auto& { return s.endpoint.names; }),
      row("endpoint.spares", "vipctl: addresses in reserve, in certificates already",
          [](auto& s) -> auto& { return s.endpoint.spares; }),
      row("endpoint.location", "vipctl: home location of the Floating IPs it creates, such as fsn1",
          [](auto& s) -> auto& { return s.endpoint.location; }),
      row("endpoint.controlPlanes", "vipctl: labels of the control planes' servers at Hetzner",
          [](auto& s) -> auto& { return s.endpoint.control_planes; }),
      row("talos.version", "vipctl: what the nodes run, such as v1.13.8",
          [](auto& s) -> auto& { return s.talos.version; }),
  };
  for (Setting& each : rows) each.for_vipctl = true;
  return rows;
}

// "timing.keepaliveEvery" in words: a dot or a capital begins one.
template <typename Letter>
std::string in_words(std::string_view path, char separator, Letter letter) {
  std::string text;
  for (const char c : path) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital || c == '.') text += separator;
    if (c != '.') text += static_cast<char>(letter(static_cast<unsigned char>(c)));
  }
  return text;
}

}  // namespace

std::string flag_of(std::string_view path) {
  return "--" + in_words(path, '-', [](int c) { return std::tolower(c); });
}

std::string variable_of(std::string_view path) {
  return "VIPD_" + in_words(path, '_', [](int c) { return std::toupper(c); });
}

std::vector<std::string> token_paths() { return {"token", "hcloud.token"}; }

bool is_token(std::string_view path) {
  const std::vector<std::string> paths = token_paths();
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

std::vector<Setting> settings_table() {
  std::vector<Setting> table;
  for (auto rows : {group_rows, peer_rows, etcd_and_probe_timing_rows, assign_timing_rows,
                    process_rows, render_rows}) {
    std::vector<Setting> part = rows();
    std::move(part.begin(), part.end(), std::back_inserter(table));
  }
  return table;
}

}  // namespace vipd::shell
