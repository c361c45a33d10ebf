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

[[nodiscard]] GivenByYaml settings_from_yaml(const base::YamlNode& root,
                                             const std::vector<Setting>& table);

}  // namespace vipd::shell
