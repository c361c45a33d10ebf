// The ways to change one place of a document's text. A part of talos/text_edit.cpp. Pure.
//
// Each gives the splices to try, the nicest first; that one is right is for the caller to prove.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "talos/machine_config.h"
#include "talos/text_edit.h"
#include "talos/yaml_value.h"

namespace vipd::talos {

struct Splice {
  std::size_t at = 0;
  std::size_t length = 0;
  std::string with;
};

// Where an edit takes place: the entry itself if it exists, else the deepest map above it.
struct Place {
  const TreeNode* node = nullptr;    // the value, or that map (or null)
  const TreeEntry* entry = nullptr;  // whose value `node` is; none: the root
  const TreeNode* parent = nullptr;  // the map that has `entry`
  Path missing;                      // below `node`
};
[[nodiscard]] Place find_place(const TreeNode& root, const Path& path);

[[nodiscard]] std::vector<Splice> replacements(std::string_view text, const Place& place,
                                               const Value& value);
[[nodiscard]] std::vector<Splice> insertions(std::string_view text, const Place& place,
                                             const Value& value);
[[nodiscard]] std::vector<Splice> list_splices(std::string_view text, const Place& place,
                                               const std::vector<ListItem>& items);

}  // namespace vipd::talos
