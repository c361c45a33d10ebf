// Everything an operator can set for vipd, from flags, VIPD_* variables and vipd.yaml.
//
// Names       One table (settings_table.cpp) names each setting once, as in YAML: the path
//             "hcloud.tokenFile" is --hcloud-token-file and VIPD_HCLOUD_TOKEN_FILE. Outside of
//             YAML lists are a,b; maps k=v,k2=v2; addresses ID=ADDRESS[=NAME],...
// Precedence  flag, variable, file, default; a later one replaces a list, it does not add.
// Errors      InvalidArgument with every problem found, one a line, each with its place
//             ("vipd.yaml:12:3", "VIPD_GROUP", "--group").
// Secrets     A token is never taken here, only the name of its file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/log.h"
#include "vipd/core/config.h"

namespace vipd::shell {

inline constexpr char kDefaultConfigFile[] = "/var/lib/vipd/vipd.yaml";

// Where Talos renders them (facts/talos.md 3.3); all are rewritten while vipd runs.
inline constexpr char kEtcdCa[] = "/system/secrets/kubernetes/kube-apiserver/etcd-client-ca.crt";
inline constexpr char kEtcdCert[] = "/system/secrets/kubernetes/kube-apiserver/etcd-client.crt";
inline constexpr char kEtcdKey[] = "/system/secrets/kubernetes/kube-apiserver/etcd-client.key";
inline constexpr char kApiserverCa[] = "/system/secrets/kubernetes/kube-apiserver/ca.crt";
inline constexpr char kApiserverCert[] =
    "/system/secrets/kubernetes/kube-apiserver/apiserver-kubelet-client.crt";
inline constexpr char kApiserverKey[] =
    "/system/secrets/kubernetes/kube-apiserver/apiserver-kubelet-client.key";

struct DeclaredAddress {
  core::FipId id = 0;
  core::IpAddress address;
  std::string name;  // for people, and for `vipctl reserve`; may be empty

  // With SettingSources::reserving the id may be 0 and the address 0.0.0.0: not known yet.
  [[nodiscard]] bool is_complete() const { return id != 0 && address != core::IpAddress{}; }
};

struct Settings {
  struct Etcd {
    std::vector<std::string> endpoints = {"https://127.0.0.1:2379"};
    std::string ca = kEtcdCa;
    std::string cert = kEtcdCert;
    std::string key = kEtcdKey;
  };
  struct Hcloud {
    std::string endpoint = "https://api.hetzner.cloud/v1";
    std::string ca_file;  // empty: the system's store
    std::string token_file = "/var/lib/vipd/hcloud-token";
  };
  struct Metadata {
    std::string endpoint = "http://169.254.169.254/hetzner/v1";
  };
  struct Apiserver {
    std::uint16_t port = 6443;
    std::string ca = kApiserverCa;
    std::string cert = kApiserverCert;
    std::string key = kApiserverKey;
  };
  struct Logging {
    base::LogFormat format = base::LogFormat::kConsole;
    base::LogLevel level = base::LogLevel::kInfo;
  };

  // What vipctl renders patches and names from; the daemon itself needs none of it.
  struct Endpoint {
    std::string host;  // address or DNS name; empty: the first of `addresses`
    std::string old;   // URL that is to be left
    std::vector<std::string> names;   // further ones that certificates carry
    std::vector<std::string> spares;  // addresses kept in reserve
    std::string location;  // where `vipctl reserve` creates Floating IPs, such as "fsn1"
    // Labels that the control planes' servers, and no others, carry at Hetzner.
    std::map<std::string, std::string> control_planes;
  };
  struct Talos {
    std::string version;  // "v1.13.8"; empty: as the live config shows
  };

  core::Config core;  // fips follow from `addresses`
  std::vector<DeclaredAddress> addresses;
  Etcd etcd;
  Hcloud hcloud;
  Metadata metadata;
  Apiserver apiserver;
  Endpoint endpoint;
  Talos talos;
  std::string state_dir = "/var/lib/vipd";
  std::string socket;  // <state_dir>/vipd.sock unless set
  std::string listen = "127.0.0.1:9479";  // read-only TCP; empty: off
  Logging log;
};

// What one source says, by the settings' YAML paths.
struct GivenSetting {
  std::vector<std::string> items;  // one, unless the setting is a list or a map
  std::string where;
  bool malformed = false;  // already said; not to be read
};
using GivenSettings = std::map<std::string, GivenSetting>;

struct SettingSources {
  std::optional<std::string> config_file;  // nothing: kDefaultConfigFile if there is one
  std::string named_with = "--config or VIPD_CONFIG";  // how this program is told the file
  bool reserving = false;  // the file's addresses may lack what only Hetzner can say
  GivenSettings flags;
  GivenSettings environment;
  std::vector<std::string> problems;  // found while collecting; load_settings() reports them
};

// Reads the file, applies the precedence, checks everything (core::validate included).
absl::StatusOr<Settings> load_settings(const SettingSources& sources);

struct ListenAddress {
  std::string address;
  std::uint16_t port = 0;
};
// "127.0.0.1:9479" or "[::1]:9479".
absl::StatusOr<ListenAddress> parse_listen(std::string_view text);

}  // namespace vipd::shell
