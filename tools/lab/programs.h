// The command lines and settings files of what runs in the lab. Pure but for the settings file.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/lab/children.h"
#include "tools/lab/layout.h"
#include "tools/lab/plan.h"
#include "tools/lab/setup.h"

namespace vipd::lab {

inline constexpr const char* kToken =
    "lab-token-read-write-0000000000000000000000000000000000000000000";
inline constexpr const char* kReadToken =
    "lab-token-read-only-00000000000000000000000000000000000000000000";
inline constexpr std::int64_t kFipV4Id = 4100;
inline constexpr std::int64_t kFipV6Id = 4200;

Program hcloudsim_program(const Setup& setup, const Layout& layout);

// `cluster` is etcd's --initial-cluster; `existing` for a member that joins.
Program etcd_program(const Layout& layout, const NodePlan& node, const std::string& cluster,
                     bool existing);
// apisim, or the real kube-apiserver that the setup names.
Program apiserver_program(const Setup& setup, const Layout& layout, const NodePlan& node);
Program vipd_program(const Setup& setup, const Layout& layout, const NodePlan& node);
absl::Status write_vipd_settings(const Setup& setup, const Layout& layout, const NodePlan& node);

struct ProbeOptions {
  std::string address;  // of a Floating IP
  std::string every = "10ms";
  std::string results;  // NDJSON
  std::string socket;
};
Program prober_program(const Setup& setup, const Layout& layout, const ProbeOptions& options);

// "https://10.0.1.11:2380"
std::string peer_url(const NodePlan& node);
std::string client_url(const NodePlan& node);

}  // namespace vipd::lab
