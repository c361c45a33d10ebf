// Makes every call of the client once and prints what it got, for judges that speak Talos' own
// Go code: tests/conformance/talosapi.
//
//   talos_probe TALOSCONFIG NODE     one JSON object: {"<call>": result or {"error": "..."}, ...}
//
// It prints secrets; it is never installed.
#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "talos/config_calls.h"
#include "talos/machine.h"
#include "talos/resources.h"

namespace vipd::talos {
namespace {

using Json = nlohmann::json;

Json to_json(const std::string& text) { return text; }
Json to_json(const base::Secret& secret) { return std::string(secret.reveal()); }
Json to_json(const base::IpAddress& address) { return address.text(); }
Json to_json(const base::IpPrefix& prefix) { return prefix.text(); }

// Defined last, so that it finds to_json() of every item.
template <class Item>
Json to_json(const std::vector<Item>& items);

Json to_json(const Version& v) {
  return {{"tag", v.tag}, {"sha", v.sha}, {"arch", v.arch}, {"platform", v.platform},
          {"rbac", v.rbac}};
}
Json to_json(const Service& s) {
  return {{"id", s.id}, {"state", s.state}, {"known", s.health_known}, {"healthy", s.healthy},
          {"message", s.last_message}};
}
Json to_json(const EtcdMember& m) {
  return {{"id", m.id}, {"hostname", m.hostname}, {"peer", m.peer_urls},
          {"client", m.client_urls}, {"learner", m.learner}};
}
Json to_json(const EtcdStatus& s) {
  return {{"member", s.member}, {"leader", s.leader}, {"version", s.version},
          {"db", s.db_bytes}, {"in_use", s.db_bytes_in_use}, {"index", s.raft_index},
          {"applied", s.raft_applied_index}, {"term", s.raft_term}, {"learner", s.learner},
          {"errors", s.errors}};
}
Json to_json(const EtcdAlarm& a) {
  return {{"member", a.member}, {"kind", static_cast<int>(a.kind)}};
}
Json to_json(const Applied& a) {
  return {{"mode", a.mode}, {"details", a.details}, {"warnings", a.warnings}};
}
Json to_json(const ClientConfiguration& c) {
  return {{"ca", c.ca_pem}, {"crt", c.certificate_pem}, {"key", to_json(c.key_pem)},
          {"talosconfig", to_json(c.talosconfig)}};
}
Json to_json(const MachineConfig& c) { return to_json(c.yaml); }
Json to_json(const Member& m) {
  return {{"node_id", m.node_id}, {"hostname", m.hostname}, {"addresses", to_json(m.addresses)},
          {"type", static_cast<int>(m.type)}, {"os", m.operating_system},
          {"port", m.api_server_port}};
}
Json to_json(const NodeAddresses& n) { return to_json(n.addresses); }
Json to_json(const NodeIps& n) { return to_json(n.addresses); }
Json to_json(const EtcdSpec& e) {
  return {{"name", e.name}, {"image", e.image}, {"advertised", to_json(e.advertised_addresses)},
          {"peer", to_json(e.listen_peer_addresses)},
          {"client", to_json(e.listen_client_addresses)}};
}
Json to_json(const StaticPodStatus& p) {
  Json containers = Json::array();
  for (const auto& c : p.containers) {
    containers.push_back(
        {{"name", c.name}, {"ready", c.ready}, {"restarts", c.restarts}, {"state", c.state}});
  }
  return {{"phase", p.phase}, {"ready", p.ready}, {"containers", containers}};
}
Json to_json(const CertSans& s) {
  return {{"addresses", to_json(s.addresses)}, {"names", s.dns_names}, {"fqdn", s.fqdn}};
}
template <class Spec>
Json to_json(const Resource<Spec>& r) {
  return {{"id", r.id}, {"version", r.version}, {"spec", to_json(r.spec)}};
}

template <class Item>
Json to_json(const std::vector<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items) list.push_back(to_json(item));
  return list;
}

template <class Value>
Json outcome(const absl::StatusOr<Value>& result) {
  if (result.ok()) return to_json(*result);
  return {{"error", std::string(result.status().message())}};
}

// What a watch tells until it has caught up.
Json watched(const Client& client, const Target& target) {
  Json told = Json::array();
  const absl::Status status = watch<Member>(
      client, target, std::nullopt, [&](const Change<Member>& change) {
        if (change.what == Change<Member>::What::kIs) told.push_back(to_json(change.resource));
        return change.what != Change<Member>::What::kCaughtUp;
      });
  if (status.ok()) return told;
  return {{"error", std::string(status.message())}};
}

Json probe(const Client& client, const Target& target) {
  return {
      {"Version", outcome(version(client, target))},
      {"Hostname", outcome(hostname(client, target))},
      {"ServiceList", outcome(services(client, target))},
      {"EtcdMemberList", outcome(etcd_members(client, target))},
      {"EtcdStatus", outcome(etcd_status(client, target))},
      {"EtcdAlarmList", outcome(etcd_alarms(client, target))},
      {"EtcdForfeitLeadership", outcome(forfeit_etcd_leadership(client, target))},
      {"Kubeconfig", outcome(kubeconfig(client, target))},
      {"GenerateClientConfiguration",
       outcome(generate_client_configuration(client, target, {"os:reader"},
                                             std::chrono::hours(36)))},
      {"ApplyConfiguration",
       outcome(apply_configuration(client, target, base::Secret("version: v1alpha1\n"),
                                   ApplyMode::kTry,
                                   {.dry_run = true, .undone_after = std::chrono::seconds(90)}))},
      {"Read", outcome(read_file(client, target, "/etc/os-release", 1 << 20))},
      {"Logs", outcome(logs(client, target, {.id = "kubelet"}, 5))},
      {"MachineConfig", outcome(get<MachineConfig>(client, target, MachineConfig::kActive))},
      {"Members", outcome(list<Member>(client, target))},
      {"Watch", watched(client, target)},
      {"NodeAddresses", outcome(get<NodeAddresses>(client, target, NodeAddresses::kCurrent))},
      {"NodeIps", outcome(get<NodeIps>(client, target, NodeIps::kKubelet))},
      {"EtcdSpec", outcome(get<EtcdSpec>(client, target, EtcdSpec::kEtcd))},
      {"StaticPods", outcome(list<StaticPodStatus>(client, target))},
      {"CertSans", outcome(get<CertSans>(client, target, CertSans::kKubernetes))},
      {"Missing", outcome(get<NodeIps>(client, target, "missing"))},
  };
}

}  // namespace
}  // namespace vipd::talos

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: talos_probe TALOSCONFIG NODE\n", stderr);
    return 2;
  }
  ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  const auto context = vipd::talos::read_talosconfig(argv[1], "");
  if (!context.ok()) {
    std::fprintf(stderr, "%s\n", std::string(context.status().message()).c_str());
    return 1;
  }
  const vipd::base::SystemClock clock;
  const vipd::talos::Client client(clock, *context);
  const auto answers =
      vipd::talos::probe(client, {argv[2], clock.now() + std::chrono::seconds(20)});
  std::puts(answers.dump(2).c_str());
}
