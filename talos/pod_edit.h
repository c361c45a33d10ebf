// The static pod in machine.pods or in a KubeStaticPodConfig. A part of talos/edit.cpp.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "talos/edit.h"

namespace vipd::talos {

// Nothing where the pod is there already. Only the pod of that namespace and name is replaced.
absl::StatusOr<std::optional<Edit>> pod_edit(const Pod& pod, const Form& form,
                                             const MachineConfig* live);

}  // namespace vipd::talos
