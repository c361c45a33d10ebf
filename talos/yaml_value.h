// What an edit puts into a document: a tree, and how it is written in block style. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "talos/yaml_tree.h"

namespace vipd::talos {

struct Value {
  TreeNode tree;
  std::string block;  // at column 0, without a last line break; may have comments
};

[[nodiscard]] Value text_value(const std::string& text);
[[nodiscard]] Value list_value(const std::vector<std::string>& items);
// `block` as it is, comments included.
absl::StatusOr<Value> block_value(std::string block);

// {key: value}, or what must stand inside further maps.
[[nodiscard]] Value map_value(const std::string& key, const Value& value, int step);
[[nodiscard]] Value nested_value(const std::vector<std::string>& path, const Value& value,
                                 int step);

// On one line: [a, b], {a: b}, or a scalar.
[[nodiscard]] std::string flow_text(const TreeNode& tree);
// Every line but the first is moved to the right; empty lines stay empty.
[[nodiscard]] std::string indented(std::string_view block, std::size_t columns);

}  // namespace vipd::talos
