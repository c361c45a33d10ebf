// Changes one place of a machine config's text and leaves every other byte as it is.
//
// Proof   The new text is parsed again and must be the old tree with exactly that change, node by
//         node and quotes included; a text for which no way gives that is refused, not damaged.
// Errors  InvalidArgument that names the file, the document and the path.
#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "talos/machine_config.h"
#include "talos/yaml_value.h"

namespace vipd::talos {

// Puts `value` at `path`, making what is missing on the way: maps, and at the end of the text the
// document. A value that is there already in meaning changes nothing.
absl::Status put(MachineConfig& config, const DocumentId& id, const Path& path,
                 const Value& value);

// A list as it shall be: items that are there already, by their index, and new ones. The kept
// ones keep their bytes and what is said beside them.
using ListItem = std::variant<std::size_t, Value>;
absl::Status put_list(MachineConfig& config, const DocumentId& id, const Path& path,
                      const std::vector<ListItem>& items);

}  // namespace vipd::talos
