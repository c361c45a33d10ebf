#include "talos/splice.h"

#include <algorithm>

#include <fmt/format.h>

#include "talos/yaml_extent.h"

namespace vipd::talos {
namespace {

using Kind = TreeNode::Kind;

constexpr int kStep = 4;  // as Talos writes a config

// Below the entry's key, with the columns of a block that stands inside it.
std::string below(std::string_view text, const TreeEntry& entry, const Value& value) {
  const std::size_t columns = column_of(text, entry.key.begin) + std::size_t{kStep};
  return fmt::format("\n{}{}", std::string(columns, ' '), indented(value.block, columns));
}

bool is_one_line(const Value& value) {
  return value.tree.is(Kind::kScalar) || value.block == "[]";
}

// Fills an entry that has no value, or whose value goes as a whole.
std::vector<Splice> fill(std::string_view text, const Place& place, const Value& value) {
  const TreeNode& old = *place.node;
  const std::size_t colon = place.entry->colon;
  if (place.parent->flow) {
    const std::string blank = old.begin == colon ? " " : "";
    return {{old.begin, old.end - old.begin, blank + flow_text(value.tree)}};
  }
  if (is_one_line(value)) return {{colon, old.end - colon, " " + value.block}};
  const std::size_t stop = line_end(text, old.end);
  const std::string block = below(text, *place.entry, value);
  std::vector<Splice> ways;
  // What is said behind the key may stay there.
  if (old.begin == old.end) ways.push_back({stop, 0, block});
  ways.push_back({colon, old.end - colon, block});
  return ways;
}

std::string joined(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, ", "));
}

bool keeps_all(const TreeNode& list, const std::vector<ListItem>& items) {
  if (items.size() < list.items.size()) return false;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const auto* kept = std::get_if<std::size_t>(&items[i]);
    if (kept == nullptr || *kept != i) return false;
  }
  return true;
}

std::vector<Splice> flow_list(std::string_view text, const TreeNode& list,
                              const std::vector<ListItem>& items) {
  const std::size_t kept = keeps_all(list, items) ? list.items.size() : 0;
  std::vector<std::string> parts;
  for (std::size_t i = kept; i < items.size(); ++i) {
    if (const auto* index = std::get_if<std::size_t>(&items[i])) {
      const TreeNode& item = list.items[*index];
      parts.emplace_back(text.substr(item.begin, item.end - item.begin));
    } else {
      parts.push_back(flow_text(std::get<Value>(items[i]).tree));
    }
  }
  if (kept != 0) return {{list.items.back().end, 0, ", " + joined(parts)}};
  return {{list.begin, list.end - list.begin, fmt::format("[{}]", joined(parts))}};
}

// One text for each item: from its dash to the next one's, comments between included.
std::vector<Splice> block_list(std::string_view text, const TreeNode& list,
                               const std::vector<ListItem>& items) {
  const std::size_t begin = list.items.front().dash;
  const std::size_t column = column_of(text, begin);
  const std::string next = "\n" + std::string(column, ' ');
  const std::size_t stop = line_end(text, list.end);
  std::string all;
  bool at_dash = true;  // what is there ends where the next dash goes
  for (const ListItem& item : items) {
    if (!at_dash) all += next;
    const auto* kept = std::get_if<std::size_t>(&item);
    at_dash = kept != nullptr && *kept + 1 < list.items.size();
    if (kept != nullptr) {
      const std::size_t from = list.items[*kept].dash;
      all += text.substr(from, (at_dash ? list.items[*kept + 1].dash : stop) - from);
    } else {
      all += "- " + indented(std::get<Value>(item).block, column + 2);
    }
  }
  if (at_dash) all.resize(all.find_last_not_of(" \r\n") + 1);
  return {{begin, stop - begin, all}};
}

}  // namespace

Place find_place(const TreeNode& root, const Path& path) {
  Place place{&root, nullptr, nullptr, path};
  while (!place.missing.empty()) {
    const TreeEntry* found = nullptr;
    for (const TreeEntry& entry : place.node->entries) {
      if (entry.key.value == place.missing.front()) found = &entry;
    }
    if (found == nullptr) break;
    place = {&found->value, found, place.node, {place.missing.begin() + 1, place.missing.end()}};
  }
  return place;
}

std::vector<Splice> replacements(std::string_view text, const Place& place, const Value& value) {
  const TreeNode& old = *place.node;
  const bool in_line = old.is(Kind::kScalar) || old.flow;
  if (!in_line || place.parent->flow || old.is(Kind::kNull)) return fill(text, place, value);
  const bool short_value = is_one_line(value) || value.tree.is(Kind::kSequence);
  std::vector<Splice> ways;
  if (short_value) {
    // A quoted text stays quoted, even where it need not be.
    TreeNode tree = value.tree;
    std::string with = flow_text(tree);
    if (old.quoted && tree.is(Kind::kScalar) && with == tree.value) with = '"' + with + '"';
    ways.push_back({old.begin, old.end - old.begin, with});
  }
  for (Splice& way : fill(text, place, value)) ways.push_back(std::move(way));
  return ways;
}

std::vector<Splice> insertions(std::string_view text, const Place& place, const Value& value) {
  const TreeNode& map = *place.node;
  if (!map.is(Kind::kMap)) return fill(text, place, nested_value(place.missing, value, kStep));
  const Value whole = nested_value(place.missing, value, kStep);
  if (map.flow) {
    const std::string pair = flow_text(whole.tree);
    const std::string inner = pair.substr(1, pair.size() - 2);
    if (map.entries.empty() && place.entry != nullptr && !place.parent->flow) {
      std::vector<Splice> ways = fill(text, place, whole);
      ways.push_back({map.begin, map.end - map.begin, pair});
      return ways;
    }
    if (map.entries.empty()) return {{map.begin, map.end - map.begin, pair}};
    const TreeEntry& last = map.entries.back();
    return {{std::max(last.value.end, last.colon), 0, ", " + inner}};
  }
  const std::size_t first = map.entries.front().key.begin;
  const std::size_t columns = column_of(text, first);
  const std::string margin(columns, ' ');
  const std::string block = indented(whole.block, columns);
  return {{line_end(text, map.end), 0, fmt::format("\n{}{}", margin, block)},
          {first, 0, fmt::format("{}\n{}", block, margin)}};
}

std::vector<Splice> list_splices(std::string_view text, const Place& place,
                                 const std::vector<ListItem>& items) {
  const TreeNode& list = *place.node;
  if (items.empty()) return fill(text, place, list_value({}));
  if (list.flow) return flow_list(text, list, items);
  return block_list(text, list, items);
}

}  // namespace vipd::talos
