// From vipd.yaml to what talos/ and certsans/ ask for.
//
// Errors  InvalidArgument: a Talos version that is none.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "certsans/wanted.h"
#include "talos/phases.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

// What the command line says besides; empty: as vipd.yaml has it.
struct Overrides {
  std::string old_endpoint;
  std::string talos_version;
};

// The names for certificates. `old_endpoint` is a URL; empty: nobody uses one any more.
[[nodiscard]] std::vector<certsans::Wanted> wanted_names(const shell::Settings& settings,
                                                         const std::string& old_endpoint);

absl::StatusOr<talos::Declaration> declaration_of(const shell::Settings& settings,
                                                  const Overrides& overrides);

// The live config if one is named, and the form settings are written in.
struct Ground {
  std::optional<talos::MachineConfig> live;
  talos::Form form;
  [[nodiscard]] const talos::MachineConfig* config() const { return live ? &*live : nullptr; }
};
absl::StatusOr<Ground> ground_of(const std::string& live_file,
                                 const talos::Declaration& declaration);

}  // namespace vipd::vipctl
