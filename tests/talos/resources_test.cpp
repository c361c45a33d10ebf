// Talos' resources, read over a real connection.
#include "talos/resources.h"

#include <functional>
#include <string>

#include "tests/talos/harness.h"

namespace vipd::talos {
namespace {

using Catch::Contains;
using cosi::resource::Event;

cosi::resource::Resource made(const std::string& id, const google::protobuf::MessageLite& spec,
                              const std::string& version = "1") {
  cosi::resource::Resource resource;
  resource.mutable_metadata()->set_id(id);
  resource.mutable_metadata()->set_version(version);
  resource.mutable_metadata()->set_phase("running");
  resource.mutable_spec()->set_proto_spec(spec.SerializeAsString());
  return resource;
}

Event event(Event::EventType type, const cosi::resource::Resource& resource = {}) {
  Event made;
  made.set_event_type(type);
  *made.mutable_resource() = resource;
  return made;
}

const std::string kV4("\x0a\x00\x00\x02", 4);
const std::string kV6("\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02", 16);

wire::NodeIPSpec node_ip(const std::string& bytes) {
  wire::NodeIPSpec spec;
  spec.add_addresses()->set_ip(bytes);
  return spec;
}

// A pod as Kubernetes describes it, one of whose containers is not ready.
wire::StaticPodStatusSpec crashing_pod() {
  wire::StaticPodStatusSpec spec;
  auto& fields = *spec.mutable_pod_status()->mutable_fields();
  fields["phase"].set_string_value("Running");
  auto& condition = *fields["conditions"].mutable_list_value()->add_values();
  (*condition.mutable_struct_value()->mutable_fields())["type"].set_string_value("Ready");
  (*condition.mutable_struct_value()->mutable_fields())["status"].set_string_value("False");
  auto& container = *fields["containerStatuses"].mutable_list_value()->add_values();
  auto& status = *container.mutable_struct_value()->mutable_fields();
  status["name"].set_string_value("kube-apiserver");
  status["ready"].set_bool_value(false);
  status["restartCount"].set_number_value(17);
  auto& state = *status["state"].mutable_struct_value()->mutable_fields();
  (*state["waiting"].mutable_struct_value()->mutable_fields())["reason"].set_string_value(
      "CrashLoopBackOff");
  return spec;
}

}  // namespace

TEST_CASE("A machine config of ten megabytes comes over whole, for an administrator only") {
  Harness lab;
  wire::MachineConfigSpec spec;
  spec.set_yaml_marshalled(std::string(10 << 20, 'c'));
  lab.node.resources["config/MachineConfigs.config.talos.dev/v1alpha1"] =
      made("v1alpha1", spec, "5");
  const auto config = get<MachineConfig>(*lab.client(), lab.target(), MachineConfig::kActive);
  INFO(text(config.status()));
  REQUIRE(config.ok());
  CHECK(config->spec.yaml.reveal() == spec.yaml_marshalled());
  CHECK(config->version == "5");

  const auto refused =
      get<MachineConfig>(*lab.client({"os:operator"}), lab.target(), MachineConfig::kActive);
  CHECK_THAT(text(refused.status()),
             Contains("Get MachineConfigs.config.talos.dev/v1alpha1 on 10.0.0.2") &&
                 Contains("needs the role os:admin") && Contains("has os:operator"));
}

TEST_CASE("Members are listed with their addresses and kinds") {
  Harness lab;
  wire::MemberSpec cp;
  cp.set_node_id("id-1");
  cp.set_hostname("cp-1.example.org");
  cp.add_addresses()->set_ip(kV4);
  cp.add_addresses()->set_ip(kV6);
  cp.set_machine_type(wire::CONTROL_PLANE);
  cp.set_operating_system("Talos (v1.13.9)");
  cp.mutable_control_plane()->set_api_server_port(6443);
  wire::MemberSpec worker;
  worker.set_machine_type(wire::WORKER);
  lab.node.resources["cluster/Members.cluster.talos.dev/cp-1"] = made("cp-1", cp);
  lab.node.resources["cluster/Members.cluster.talos.dev/w-1"] = made("w-1", worker);
  const auto members = list<Member>(*lab.client({"os:reader"}), lab.target()).value();
  REQUIRE(members.size() == 2);
  CHECK(members[0].id == "cp-1");
  CHECK_FALSE(members[0].going);
  const Member& first = members[0].spec;
  CHECK(first.node_id == "id-1");
  CHECK(first.hostname == "cp-1.example.org");
  REQUIRE(first.addresses.size() == 2);
  CHECK(first.addresses[0].text() == "10.0.0.2");
  CHECK(first.addresses[1].text() == "fd00::2");
  CHECK(first.type == Member::Type::kControlPlane);
  CHECK(first.operating_system == "Talos (v1.13.9)");
  CHECK(first.api_server_port == 6443);
  CHECK(members[1].spec.type == Member::Type::kWorker);
  CHECK(members[1].spec.api_server_port == 0);
}

TEST_CASE("Addresses, etcd's spec and wanted SANs are read") {
  Harness lab;
  wire::NodeAddressSpec addresses;
  addresses.add_addresses()->set_ip(kV4);
  addresses.mutable_addresses(0)->set_prefix_length(24);
  lab.node.resources["network/NodeAddresses.net.talos.dev/current"] = made("current", addresses);
  lab.node.resources["k8s/NodeIPs.kubernetes.talos.dev/kubelet"] =
      made("kubelet", node_ip(kV6 + "eth0"));
  wire::EtcdSpecSpec etcd;
  etcd.set_name("cp-1");
  etcd.set_image("etcd:v3.6.5");
  etcd.add_advertised_addresses()->set_ip(kV4);
  etcd.add_listen_peer_addresses()->set_ip(std::string(16, '\0'));
  etcd.add_listen_client_addresses()->set_ip(std::string(4, '\0'));
  lab.node.resources["etcd/EtcdSpecs.etcd.talos.dev/etcd"] = made("etcd", etcd);
  wire::CertSANSpec sans;
  sans.add_i_ps()->set_ip(kV4);
  sans.add_dns_names("cp-1");
  sans.set_fqdn("cp-1.example.org");
  lab.node.resources["secrets/CertSANs.secrets.talos.dev/k8s"] = made("k8s", sans);

  const auto client = lab.client();
  const auto current =
      get<NodeAddresses>(*client, lab.target(), NodeAddresses::kCurrent).value().spec;
  REQUIRE(current.addresses.size() == 1);
  CHECK(current.addresses[0].text() == "10.0.0.2/24");
  const auto ips = get<NodeIps>(*client, lab.target(), NodeIps::kKubelet).value().spec;
  CHECK(ips.addresses.at(0).text() == "fd00::2");
  const auto spec = get<EtcdSpec>(*client, lab.target(), EtcdSpec::kEtcd).value().spec;
  CHECK(spec.name == "cp-1");
  CHECK(spec.image == "etcd:v3.6.5");
  CHECK(spec.advertised_addresses.at(0).text() == "10.0.0.2");
  CHECK(spec.listen_peer_addresses.at(0).text() == "::");
  CHECK(spec.listen_client_addresses.at(0).text() == "0.0.0.0");
  const auto wanted = get<CertSans>(*client, lab.target(), CertSans::kKubernetes).value().spec;
  CHECK(wanted.addresses.at(0).text() == "10.0.0.2");
  CHECK(wanted.dns_names == std::vector<std::string>{"cp-1"});
  CHECK(wanted.fqdn == "cp-1.example.org");
}

TEST_CASE("A static pod's status is read out of Kubernetes' own form") {
  Harness lab;
  const std::string id = "kube-system/kube-apiserver-cp-1";
  lab.node.resources["k8s/StaticPodStatuses.kubernetes.talos.dev/" + id] = made(id, crashing_pod());
  const auto pod = get<StaticPodStatus>(*lab.client({"os:reader"}), lab.target(), id).value().spec;
  CHECK(pod.phase == "Running");
  CHECK_FALSE(pod.ready);
  REQUIRE(pod.containers.size() == 1);
  CHECK(pod.containers[0].name == "kube-apiserver");
  CHECK_FALSE(pod.containers[0].ready);
  CHECK(pod.containers[0].restarts == 17);
  CHECK(pod.containers[0].state == "waiting: CrashLoopBackOff");
}

TEST_CASE("A resource that is not there says so, and a list of none is empty") {
  const Harness lab;
  const auto client = lab.client();
  const auto none = get<NodeIps>(*client, lab.target(), NodeIps::kKubelet);
  CHECK(none.status().code() == absl::StatusCode::kNotFound);
  CHECK_THAT(text(none.status()), Contains("NodeIPs.kubernetes.talos.dev/kubelet on 10.0.0.2"));
  CHECK(list<Member>(*client, lab.target()).value().empty());
}

TEST_CASE("A spec that cannot be read is an error that names the resource") {
  Harness lab;
  auto& resource = lab.node.resources["k8s/NodeIPs.kubernetes.talos.dev/kubelet"];
  const auto client = lab.client();
  resource = made("kubelet", node_ip("five!"));
  CHECK_THAT(text(get<NodeIps>(*client, lab.target(), "kubelet").status()),
             Contains("NodeIPs.kubernetes.talos.dev/kubelet") && Contains("5 bytes"));
  resource.mutable_spec()->set_proto_spec("\xff\xff\xff");
  CHECK_FALSE(get<NodeIps>(*client, lab.target(), "kubelet").ok());
  CHECK_FALSE(list<NodeIps>(*client, lab.target()).ok());
}

TEST_CASE("A watch tells what there is, then that it is all, then what changes") {
  Harness lab;
  lab.node.events = {event(Event::CREATED, made("kubelet", node_ip(kV4))),
                     event(Event::BOOTSTRAPPED), event(Event::NOOP),
                     event(Event::UPDATED, made("kubelet", node_ip(kV6), "2")),
                     event(Event::DESTROYED, made("kubelet", node_ip(kV6), "3"))};
  std::vector<std::string> told;
  using What = Change<NodeIps>::What;
  const absl::Status status = watch<NodeIps>(
      *lab.client(), lab.target(), std::nullopt, [&](const Change<NodeIps>& change) {
        if (change.what == What::kCaughtUp) told.push_back("all");
        if (change.what == What::kIs) {
          told.push_back(change.resource.id + " " + change.resource.spec.addresses[0].text());
        }
        if (change.what == What::kGone) told.push_back(change.resource.id + " gone");
        return change.what != What::kGone;
      });
  CHECK(status.ok());
  CHECK(told == std::vector<std::string>{"kubelet 10.0.0.2", "all", "kubelet fd00::2",
                                         "kubelet gone"});
}

TEST_CASE("A watch of one ends at its deadline, or with the node's error") {
  Harness lab;
  lab.node.events = {event(Event::CREATED, made("kubelet", node_ip(kV4)))};
  const auto client = lab.client();
  const std::function<bool(const Change<NodeIps>&)> go_on = [](const auto&) { return true; };
  CHECK(watch<NodeIps>(*client, lab.target("", 300ms), "kubelet", go_on).code() ==
        absl::StatusCode::kDeadlineExceeded);
  Event failed = event(Event::ERRORED);
  failed.set_error("buffer overrun");
  lab.node.events = {failed};
  CHECK_THAT(text(watch<NodeIps>(*client, lab.target(), "kubelet", go_on)),
             Contains("Watch NodeIPs.kubernetes.talos.dev on 10.0.0.2: buffer overrun"));
}

}  // namespace vipd::talos
