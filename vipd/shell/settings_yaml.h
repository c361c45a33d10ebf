// vipd.yaml as given settings: every key is looked up in the table.
#pragma once

#include <string>
#include <vector>

#include "base/yaml.h"
#include "vipd/shell/settings.h"
#include "vipd/shell/settings_table.h"

namespace vipd::shell {

struct GivenByYaml {
  GivenSettings settings;
  std::vector<std::string> problems;  // unknown keys and wrong shapes, each with its place
};

// `reserving`: an address may lack its id or itself, then given as 0 and 0.0.0.0, but not its
// name too.
[[nodiscard]] GivenByYaml settings_from_yaml(const base::YamlNode& root,
                                             const std::vector<Setting>& table,
                                             bool reserving = false);

}  // namespace vipd::shell
