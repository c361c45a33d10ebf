// Where the nodes of a parsed document end: the parser tells only where they begin. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "talos/yaml_tree.h"

namespace vipd::talos {

// Fills in `end`, `dash` and `colon`, and `begin` of nulls, throughout the tree. The place of a
// quoted text without its end or a block without its last line break: yaml-cpp lets them pass.
std::optional<std::size_t> measure_extents(std::string_view text, TreeNode& root);

// The line break that ends the line of `at`, or the end of the text.
[[nodiscard]] std::size_t line_end(std::string_view text, std::size_t at);
[[nodiscard]] std::size_t column_of(std::string_view text, std::size_t at);

}  // namespace vipd::talos
