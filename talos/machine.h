// What the machine API tells about a node, for any role that may read. Plain values.
//
// Errors, threads, deadlines: talos/client.h.
// Source  facts/talos.md 4.3 and 4.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "talos/client.h"

namespace vipd::talos {

struct Version {
  std::string tag;  // "v1.13.9"
  std::string sha;
  std::string arch;
  std::string platform;  // "hcloud"
  bool rbac = false;
};
absl::StatusOr<Version> version(const Client& client, const Target& target);

absl::StatusOr<std::string> hostname(const Client& client, const Target& target);

struct Service {
  std::string id;     // "etcd", "kubelet", "apid"
  std::string state;  // "Running", "Preparing", "Finished", ...
  bool health_known = false;
  bool healthy = false;
  std::string last_message;
};
absl::StatusOr<std::vector<Service>> services(const Client& client, const Target& target);

struct EtcdMember {
  std::uint64_t id = 0;
  std::string hostname;
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  bool learner = false;
};
// As the etcd cluster has it, asked of the node's own member.
absl::StatusOr<std::vector<EtcdMember>> etcd_members(const Client& client, const Target& target);

struct EtcdStatus {
  std::uint64_t member = 0;
  std::uint64_t leader = 0;  // 0: none known
  std::string version;
  std::int64_t db_bytes = 0;
  std::int64_t db_bytes_in_use = 0;
  std::uint64_t raft_index = 0;
  std::uint64_t raft_applied_index = 0;
  std::uint64_t raft_term = 0;
  bool learner = false;
  std::vector<std::string> errors;
};
absl::StatusOr<EtcdStatus> etcd_status(const Client& client, const Target& target);

struct EtcdAlarm {
  enum class Kind { kNone, kNoSpace, kCorrupt, kUnknown };
  std::uint64_t member = 0;
  Kind kind = Kind::kNone;
};
absl::StatusOr<std::vector<EtcdAlarm>> etcd_alarms(const Client& client, const Target& target);

struct LogSource {
  enum class Driver { kSystem, kPods };  // containerd for Talos' services, CRI for pods
  std::string id;                        // "kubelet", or of a container "kube-system/pod:name:hash"
  Driver driver = Driver::kSystem;
};
// The last `lines`. OutOfRange where they are more than kLargestLog bytes.
inline constexpr std::size_t kLargestLog = 8 << 20;
absl::StatusOr<std::string> logs(const Client& client, const Target& target,
                                 const LogSource& source, int lines);

}  // namespace vipd::talos
