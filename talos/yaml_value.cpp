#include "talos/yaml_value.h"

#include <fmt/format.h>

#include "base/json.h"

namespace vipd::talos {
namespace {

using Kind = TreeNode::Kind;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Quoted wherever a reader could take the text for something else.
std::string scalar_text(const TreeNode& node) {
  const std::string& text = node.value;
  constexpr auto kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-$";
  // ":" is safe inside a word, and only behind a letter: 1:30 is a number to some.
  const auto odd = text.find_first_not_of(kSafe);
  const bool url = odd != text.npos && text[odd] == ':' && !text.empty() && is_letter(text[0]) &&
                   text.find_first_not_of(std::string(kSafe) + ":") == text.npos &&
                   text.back() != ':';
  const bool starts_well = !text.empty() && text[0] != '-' && text[0] != '.';
  if (!node.quoted && !plain_is_text(text)) return text;  // a number, true, ...: stays one
  if ((odd == text.npos || url) && starts_well && plain_is_text(text)) return text;
  return base::Json(text).dump(-1, ' ', false, base::Json::error_handler_t::replace);
}

TreeNode made_node(Kind kind) {
  TreeNode node;
  node.kind = kind;
  node.made = true;
  return node;
}

void mark_made(TreeNode& node) {
  node.made = true;
  for (TreeNode& item : node.items) mark_made(item);
  for (TreeEntry& entry : node.entries) mark_made(entry.value);
}

}  // namespace

Value text_value(const std::string& text) {
  Value value{made_node(Kind::kScalar), ""};
  value.tree.quoted = true;
  value.tree.value = text;
  value.block = scalar_text(value.tree);
  return value;
}

Value list_value(const std::vector<std::string>& items) {
  Value value{made_node(Kind::kSequence), items.empty() ? "[]" : ""};
  for (const std::string& item : items) {
    Value made = text_value(item);
    value.block += fmt::format("{}- {}", value.block.empty() ? "" : "\n", made.block);
    value.tree.items.push_back(std::move(made.tree));
  }
  return value;
}

absl::StatusOr<Value> block_value(std::string block) {
  while (!block.empty() && block.back() == '\n') block.pop_back();
  auto tree = parse_tree(block);
  if (!tree.ok()) return tree.status();
  mark_made(*tree);
  return Value{*std::move(tree), std::move(block)};
}

Value map_value(const std::string& key, const Value& value, int step) {
  Value map{made_node(Kind::kMap), ""};
  TreeEntry entry{text_value(key).tree, value.tree, 0};
  map.tree.entries.push_back(std::move(entry));
  const std::string name = text_value(key).block;
  const bool inline_value = value.tree.is(Kind::kScalar) || value.block == "[]";
  const std::string margin(static_cast<std::size_t>(step), ' ');
  map.block = inline_value ? fmt::format("{}: {}", name, value.block)
                           : fmt::format("{}:\n{}{}", name, margin,
                                         indented(value.block, margin.size()));
  return map;
}

Value nested_value(const std::vector<std::string>& path, const Value& value, int step) {
  Value whole = value;
  for (auto key = path.rbegin(); key != path.rend(); ++key) whole = map_value(*key, whole, step);
  return whole;
}

std::string flow_text(const TreeNode& tree) {
  std::vector<std::string> parts;
  switch (tree.kind) {
    case Kind::kNull: return "null";
    case Kind::kScalar: return scalar_text(tree);
    case Kind::kSequence:
      for (const TreeNode& item : tree.items) parts.push_back(flow_text(item));
      return fmt::format("[{}]", fmt::join(parts, ", "));
    case Kind::kMap:
      for (const TreeEntry& entry : tree.entries) {
        parts.push_back(
            fmt::format("{}: {}", scalar_text(entry.key), flow_text(entry.value)));
      }
      return fmt::format("{{{}}}", fmt::join(parts, ", "));
  }
  return "";
}

std::string indented(std::string_view block, std::size_t columns) {
  std::string text;
  for (std::size_t i = 0; i < block.size(); ++i) {
    text += block[i];
    const bool more = i + 1 < block.size() && block[i + 1] != '\n';
    if (block[i] == '\n' && more) text += std::string(columns, ' ');
  }
  return text;
}

}  // namespace vipd::talos
