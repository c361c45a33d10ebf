// One YAML document as a tree in which every node knows the bytes it stands in, so that an edit
// can replace those and leave all others as they are. yaml-cpp stays in yaml_tree.cpp.
//
// Errors  InvalidArgument "line N: what". Scalars are not quoted: they may be secrets.
// Refused Anchors and aliases (a small file could grow without bound), duplicate keys, keys that
//         are no scalars, more than kMostNodes nodes.
// Threads A tree is a value; nothing is shared.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace vipd::talos {

inline constexpr std::size_t kMostNodes = 500'000;  // a large machine config has some thousands

struct TreeEntry;

struct TreeNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  bool flow = false;    // [a, b] or {a: b}; of a collection
  bool quoted = false;  // not plain: 'a', "a", | or >; of a scalar
  bool made = false;    // by an edit: compared by meaning, whatever its style
  std::string tag;      // an explicit one
  std::string value;    // of a scalar
  std::size_t begin = 0;  // byte of its first character (of its tag, where it has one)
  std::size_t end = 0;    // byte behind its last
  std::size_t dash = 0;   // of an item in a block sequence: its "-"
  std::vector<TreeNode> items;
  std::vector<TreeEntry> entries;  // in the order of the text

  // Nothing where the key is missing or this is no map.
  [[nodiscard]] const TreeNode* find(std::string_view key) const;
  // Follows keys downwards.
  [[nodiscard]] const TreeNode* at(const std::vector<std::string>& path) const;
  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
  // The scalars of a list; of a single scalar, that one; empty otherwise.
  [[nodiscard]] std::vector<std::string> texts() const;
};

struct TreeEntry {
  TreeNode key;
  TreeNode value;
  std::size_t colon = 0;  // byte behind the ":"
};

// A null node for a text without a document. `first_line` counts from 1 and is for errors.
absl::StatusOr<TreeNode> parse_tree(std::string_view text, int first_line = 1);

// Equal node by node in order, quotes and tags included; what is `made` in either, by meaning.
[[nodiscard]] bool same_text(const TreeNode& one, const TreeNode& other);

// Equal for a reader: keys in any order, styles as they like, but "1" is not 1.
[[nodiscard]] bool same_meaning(const TreeNode& one, const TreeNode& other);

// True where the plain scalar `text` would be read as this text by every reader.
[[nodiscard]] bool plain_is_text(std::string_view text);

}  // namespace vipd::talos
