// YAML as a read-only tree that knows where everything stood. yaml-cpp stays in yaml.cpp.
//
// Errors  InvalidArgument, one line for each problem, each beginning "vipd.yaml:12:3: ".
//         Scalars are not quoted: one of them may be a secret in the wrong place.
// Refused Duplicate keys, keys that are no scalars, aliases (a small file could grow without
//         bound) and a second document.
// Threads A tree is a value; nothing is shared.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vipd::base {

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  std::string where;               // "vipd.yaml:12:3", counted from 1
  std::string scalar;              // of a scalar, as written, without its quotes
  std::vector<YamlNode> items;     // of a sequence
  std::vector<YamlEntry> entries;  // of a map, in the order of the file

  // Nothing where the key is missing or this is no map.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;

  [[nodiscard]] absl::StatusOr<std::string> as_text() const;
  [[nodiscard]] absl::StatusOr<std::int64_t> as_integer() const;
  [[nodiscard]] absl::StatusOr<bool> as_bool() const;  // "true" or "false"

  // InvalidArgument "<where>: <what>".
  [[nodiscard]] absl::Status problem(std::string_view what) const;
};

struct YamlEntry {
  std::string key;
  std::string where;  // of the key
  YamlNode value;
};

// "a map", "a list", ... for messages.
[[nodiscard]] std::string_view kind_name(YamlNode::Kind kind);

// An empty text is a null node.
absl::StatusOr<YamlNode> parse_yaml(std::string_view text, std::string_view file_name);

}  // namespace vipd::base
