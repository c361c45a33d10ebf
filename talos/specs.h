// What Talos' resources say, as plain values: those that vipctl looks at.
//
// Source  facts/talos.md 4.5 (namespaces, types, ids); StaticPodStatus: Kubernetes' PodStatus.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/secret.h"

namespace vipd::talos {

// Whole, secrets included, as it was submitted. ids: kActive, kPersistent.
struct MachineConfig {
  static constexpr const char* kActive = "v1alpha1";
  static constexpr const char* kPersistent = "persistent";  // on disk; differs after staged and try
  base::Secret yaml;
};

// A node of the cluster as discovery knows it; id: its node name.
struct Member {
  enum class Type { kUnknown, kControlPlane, kWorker };
  std::string node_id;
  std::string hostname;
  std::vector<base::IpAddress> addresses;
  Type type = Type::kUnknown;
  std::string operating_system;  // "Talos (v1.13.9)"
  std::int64_t api_server_port = 0;  // 0 where it has none
};

// ids: kDefault, ..., each also with "-no-k8s" and "-only-k8s" behind it.
struct NodeAddresses {
  static constexpr const char* kDefault = "default";
  static constexpr const char* kCurrent = "current";
  static constexpr const char* kRouted = "routed";
  static constexpr const char* kAccumulative = "accumulative";
  std::vector<base::IpPrefix> addresses;
};

// What the kubelet reports as the node's own. id: kKubelet.
struct NodeIps {
  static constexpr const char* kKubelet = "kubelet";
  std::vector<base::IpAddress> addresses;
};

// id: kEtcd
struct EtcdSpec {
  static constexpr const char* kEtcd = "etcd";
  std::string name;
  std::string image;
  std::vector<base::IpAddress> advertised_addresses;
  std::vector<base::IpAddress> listen_peer_addresses;
  std::vector<base::IpAddress> listen_client_addresses;
};

// id: "<namespace>/<pod>"
struct StaticPodStatus {
  struct Container {
    std::string name;
    bool ready = false;
    int restarts = 0;
    std::string state;  // "running", "waiting: CrashLoopBackOff", "terminated: Error"
  };
  std::string phase;  // "Running"
  bool ready = false;
  std::vector<Container> containers;
};

// What a serving certificate is to name; needs os:admin. ids: kTalosApi, kKubernetes.
struct CertSans {
  static constexpr const char* kTalosApi = "api";
  static constexpr const char* kKubernetes = "k8s";
  std::vector<base::IpAddress> addresses;
  std::vector<std::string> dns_names;
  std::string fqdn;
};

}  // namespace vipd::talos
