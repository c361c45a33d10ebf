// A real kube-apiserver in apisim's place (KUBE_APISERVER): asked over its own API as admin, for
// it has none of apisim's switches.
//
// Threads  Any; each call blocks for up to 2 s.
#pragma once

#include "absl/status/statusor.h"
#include "base/json.h"
#include "tools/lab/layout.h"
#include "tools/lab/plan.h"

namespace vipd::lab::kube_apiserver {

// {"ready": bool, "cordoned": bool, "checks": what /readyz said}. Unavailable where it does not
// answer.
absl::StatusOr<base::Json> state(const Layout& layout, const NodePlan& node);

// Makes its Node object where it has none, as a kubelet would: vipd reads it when it is stopped.
absl::Status register_node(const Layout& layout, const NodePlan& node);

absl::Status set_cordoned(const Layout& layout, const NodePlan& node, bool cordoned);

}  // namespace vipd::lab::kube_apiserver
