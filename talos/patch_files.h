// Edits as patches for Talos' strategic merge: one document a file, for a GitOps repository.
//
// Merge   Talos appends to a list what a patch has, again each time. So with a live config only
//         what is missing is rendered; and where something must leave a list, a file clear-*.yaml
//         that empties it goes before (it sorts first) the file with the whole list.
// Source  facts/talos.md 3.8.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "talos/edit.h"

namespace vipd::talos {

struct PatchFile {
  Scope scope = Scope::kControlPlanes;
  std::string name;  // "trust-stable-api-endpoint.yaml"
  std::string text;
};

// Sorted by name, which is the order they must be applied in. `live` may be null.
absl::StatusOr<std::vector<PatchFile>> patch_files(const std::vector<Edit>& edits,
                                                   const MachineConfig* live);

}  // namespace vipd::talos
