// What a pod needs to know of the settings: its variables, and the folders of its files. Pure.
//
// Errors  InvalidArgument naming the setting and what to do.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

using Variables = std::vector<std::pair<std::string, std::string>>;

// One for each setting of the daemon's that is not as it has it anyway; read back by its own
// reader and compared, so what does not survive the way is refused here.
absl::StatusOr<Variables> pod_variables(const shell::Settings& settings);

// Absolute folders of the files that vipd only reads, each once; none inside the state folder.
absl::StatusOr<std::vector<std::string>> read_only_folders(const shell::Settings& settings);

// Whose file vipd could not see, or could not see replaced, unless its folder is mounted.
absl::StatusOr<std::string> folder_of(const std::string& setting, const std::string& path);

}  // namespace vipd::vipctl
