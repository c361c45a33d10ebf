#include "talos/specs.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "talos/decode.h"
#include "talos/proto/specs.pb.h"

namespace vipd::talos {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

template <class Message>
absl::StatusOr<Message> parse(const std::string& bytes) {
  Message message;
  if (message.ParseFromString(bytes)) return message;
  return absl::DataLossError(
      "a resource is not of the form it has in the Talos versions that are known");
}

// A zone behind an IPv6 address (Go's netip) is left out.
absl::StatusOr<base::IpAddress> address_from(std::string_view bytes) {
  base::IpAddress address;
  if (bytes.size() != 4 && bytes.size() < 16) {
    return absl::DataLossError(fmt::format("an address of {} bytes in a resource", bytes.size()));
  }
  address.family = bytes.size() == 4 ? base::Family::kV4 : base::Family::kV6;
  const std::string_view digits = bytes.substr(0, 16);
  std::transform(digits.begin(), digits.end(), address.bytes.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  return address;
}

template <class Repeated>
absl::Status read_addresses(const Repeated& list, std::vector<base::IpAddress>& into) {
  for (const common::NetIP& item : list) {
    const auto address = address_from(item.ip());
    if (!address.ok()) return address.status();
    into.push_back(*address);
  }
  return absl::OkStatus();
}

const Value* find(const Struct& object, const std::string& key) {
  const auto found = object.fields().find(key);
  return found == object.fields().end() ? nullptr : &found->second;
}

std::string text(const Struct& object, const std::string& key) {
  const Value* value = find(object, key);
  return value == nullptr ? "" : value->string_value();
}

// {"waiting": {"reason": "CrashLoopBackOff"}}
std::string state_text(const Struct& state) {
  if (state.fields().empty()) return "";
  const auto& [name, details] = *state.fields().begin();
  const std::string reason = text(details.struct_value(), "reason");
  return reason.empty() ? name : fmt::format("{}: {}", name, reason);
}

StaticPodStatus::Container container_from(const Struct& status) {
  StaticPodStatus::Container container;
  container.name = text(status, "name");
  if (const Value* ready = find(status, "ready")) container.ready = ready->bool_value();
  if (const Value* count = find(status, "restartCount")) {
    container.restarts = static_cast<int>(std::clamp(count->number_value(), 0.0, 1e9));
  }
  if (const Value* state = find(status, "state")) {
    container.state = state_text(state->struct_value());
  }
  return container;
}

}  // namespace

template <>
absl::StatusOr<MachineConfig> decode(const std::string& proto_spec) {
  auto message = parse<wire::MachineConfigSpec>(proto_spec);
  if (!message.ok()) return message.status();
  return MachineConfig{base::Secret(std::move(*message->mutable_yaml_marshalled()))};
}

template <>
absl::StatusOr<Member> decode(const std::string& proto_spec) {
  const auto message = parse<wire::MemberSpec>(proto_spec);
  if (!message.ok()) return message.status();
  Member member;
  member.node_id = message->node_id();
  member.hostname = message->hostname();
  member.operating_system = message->operating_system();
  member.api_server_port = message->control_plane().api_server_port();
  if (message->machine_type() == wire::WORKER) member.type = Member::Type::kWorker;
  if (message->machine_type() == wire::CONTROL_PLANE || message->machine_type() == wire::INIT) {
    member.type = Member::Type::kControlPlane;
  }
  const absl::Status status = read_addresses(message->addresses(), member.addresses);
  if (!status.ok()) return status;
  return member;
}

template <>
absl::StatusOr<NodeAddresses> decode(const std::string& proto_spec) {
  const auto message = parse<wire::NodeAddressSpec>(proto_spec);
  if (!message.ok()) return message.status();
  NodeAddresses node;
  for (const common::NetIPPrefix& item : message->addresses()) {
    const auto address = address_from(item.ip());
    if (!address.ok()) return address.status();
    node.addresses.push_back({*address, item.prefix_length()});
  }
  return node;
}

template <>
absl::StatusOr<NodeIps> decode(const std::string& proto_spec) {
  const auto message = parse<wire::NodeIPSpec>(proto_spec);
  if (!message.ok()) return message.status();
  NodeIps node;
  const absl::Status status = read_addresses(message->addresses(), node.addresses);
  if (!status.ok()) return status;
  return node;
}

template <>
absl::StatusOr<EtcdSpec> decode(const std::string& proto_spec) {
  const auto message = parse<wire::EtcdSpecSpec>(proto_spec);
  if (!message.ok()) return message.status();
  EtcdSpec spec;
  spec.name = message->name();
  spec.image = message->image();
  absl::Status status = read_addresses(message->advertised_addresses(), spec.advertised_addresses);
  status.Update(read_addresses(message->listen_peer_addresses(), spec.listen_peer_addresses));
  status.Update(read_addresses(message->listen_client_addresses(), spec.listen_client_addresses));
  if (!status.ok()) return status;
  return spec;
}

template <>
absl::StatusOr<StaticPodStatus> decode(const std::string& proto_spec) {
  const auto message = parse<wire::StaticPodStatusSpec>(proto_spec);
  if (!message.ok()) return message.status();
  const Struct& status = message->pod_status();
  StaticPodStatus pod;
  pod.phase = text(status, "phase");
  if (const Value* conditions = find(status, "conditions")) {
    for (const Value& item : conditions->list_value().values()) {
      if (text(item.struct_value(), "type") != "Ready") continue;
      pod.ready = text(item.struct_value(), "status") == "True";
    }
  }
  if (const Value* containers = find(status, "containerStatuses")) {
    for (const Value& item : containers->list_value().values()) {
      pod.containers.push_back(container_from(item.struct_value()));
    }
  }
  return pod;
}

template <>
absl::StatusOr<CertSans> decode(const std::string& proto_spec) {
  const auto message = parse<wire::CertSANSpec>(proto_spec);
  if (!message.ok()) return message.status();
  CertSans sans;
  sans.dns_names = {message->dns_names().begin(), message->dns_names().end()};
  sans.fqdn = message->fqdn();
  const absl::Status status = read_addresses(message->i_ps(), sans.addresses);
  if (!status.ok()) return status;
  return sans;
}

template <>
Kind kind_of<MachineConfig>() {
  return {"config", "MachineConfigs.config.talos.dev", true};
}
template <>
Kind kind_of<Member>() {
  return {"cluster", "Members.cluster.talos.dev"};
}
template <>
Kind kind_of<NodeAddresses>() {
  return {"network", "NodeAddresses.net.talos.dev"};
}
template <>
Kind kind_of<NodeIps>() {
  return {"k8s", "NodeIPs.kubernetes.talos.dev"};
}
template <>
Kind kind_of<EtcdSpec>() {
  return {"etcd", "EtcdSpecs.etcd.talos.dev"};
}
template <>
Kind kind_of<StaticPodStatus>() {
  return {"k8s", "StaticPodStatuses.kubernetes.talos.dev"};
}
template <>
Kind kind_of<CertSans>() {
  return {"secrets", "CertSANs.secrets.talos.dev", true};
}

}  // namespace vipd::talos
