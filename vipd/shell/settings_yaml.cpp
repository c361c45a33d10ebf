#include "vipd/shell/settings_yaml.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/nearest.h"

namespace vipd::shell {
namespace {

using base::YamlEntry;
using base::YamlNode;
using Kind = YamlNode::Kind;
using Problems = std::vector<std::string>;

std::string unknown_key(const YamlEntry& entry, std::string_view path, const std::string& meant) {
  return fmt::format("{}: unknown key \"{}\"{}", entry.where, path,
                     meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant));
}

// True where the node is of that kind; else says so.
bool is_kind(const YamlNode& node, Kind kind, Problems& problems) {
  if (node.kind == kind) return true;
  problems.push_back(fmt::format("{}: expected {}, found {}", node.where, base::kind_name(kind),
                                 base::kind_name(node.kind)));
  return false;
}

void take_scalar(const YamlNode& node, std::string_view before, Items& items, Problems& problems) {
  if (is_kind(node, Kind::kScalar, problems)) items.push_back(std::string(before) + node.scalar);
}

void take_list(const YamlNode& node, Items& items, Problems& problems) {
  if (!is_kind(node, Kind::kSequence, problems)) return;
  for (const YamlNode& item : node.items) take_scalar(item, "", items, problems);
}

void take_map(const YamlNode& node, Items& items, Problems& problems) {
  if (!is_kind(node, Kind::kMap, problems)) return;
  for (const YamlEntry& entry : node.entries) {
    take_scalar(entry.value, entry.key + "=", items, problems);
  }
}

// What stands for a part that is not there; nothing where it has to be.
std::string missing_part(const YamlNode& node, const std::string& key, bool reserving,
                         Problems& problems) {
  const bool named = node.find("name") != nullptr;
  if (reserving && (named || node.find("id") != nullptr || node.find("address") != nullptr)) {
    return key == "id" ? "0" : "0.0.0.0";
  }
  problems.push_back(fmt::format(
      "{}: the address has no {}; write {{id: 1234, address: 203.0.113.10}}{}", node.where, key,
      named ? ", which `vipctl reserve` prints" : ""));
  return "";
}

void take_address(const YamlNode& node, bool reserving, Items& items, Problems& problems) {
  if (!is_kind(node, Kind::kMap, problems)) return;
  const std::vector<std::string> keys = {"id", "address", "name"};
  for (const YamlEntry& entry : node.entries) {
    if (std::find(keys.begin(), keys.end(), entry.key) == keys.end()) {
      problems.push_back(unknown_key(entry, entry.key, base::nearest(entry.key, keys)));
    }
  }
  Items parts;
  for (const std::string& key : keys) {
    if (const YamlNode* part = node.find(key)) {
      take_scalar(*part, "", parts, problems);
    } else if (key != "name") {
      parts.push_back(missing_part(node, key, reserving, problems));
    }
  }
  items.push_back(fmt::format("{}", fmt::join(parts, "=")));
}

void take_addresses(const YamlNode& node, bool reserving, Items& items, Problems& problems) {
  if (!is_kind(node, Kind::kSequence, problems)) return;
  for (const YamlNode& item : node.items) take_address(item, reserving, items, problems);
}

class Reader {
 public:
  Reader(const std::vector<Setting>& table, bool reserving)
      : table_(table), reserving_(reserving) {}

  void read_section(const YamlNode& section, const std::string& prefix) {
    if (section.kind == Kind::kNull || !is_kind(section, Kind::kMap, given_.problems)) return;
    for (const YamlEntry& entry : section.entries) read_entry(entry, prefix);
  }

  GivenByYaml result() && { return std::move(given_); }

 private:
  void read_entry(const YamlEntry& entry, const std::string& prefix) {
    const std::string path = prefix + entry.key;
    const auto setting = std::find_if(table_.begin(), table_.end(),
                                      [&](const Setting& each) { return each.path == path; });
    if (setting != table_.end()) {
      read_setting(*setting, entry.value);
    } else if (is_section(path)) {
      read_section(entry.value, path + ".");
    } else if (is_token(path)) {
      given_.settings[path] = {.items = {}, .where = entry.where};
    } else {
      given_.problems.push_back(unknown_key(entry, path, meant(prefix, entry.key)));
    }
  }

  void read_setting(const Setting& setting, const YamlNode& value) {
    if (value.kind == Kind::kNull) return;  // "ca:" with nothing behind it: the default
    Items items;
    Problems problems;
    switch (setting.kind.shape) {
      case ValueKind::Shape::kSwitch:
      case ValueKind::Shape::kSingle: take_scalar(value, "", items, problems); break;
      case ValueKind::Shape::kList: take_list(value, items, problems); break;
      case ValueKind::Shape::kMap: take_map(value, items, problems); break;
      case ValueKind::Shape::kAddresses:
        take_addresses(value, reserving_, items, problems);
        break;
    }
    given_.settings[setting.path] = {
        .items = std::move(items), .where = value.where, .malformed = !problems.empty()};
    std::move(problems.begin(), problems.end(), std::back_inserter(given_.problems));
  }

  [[nodiscard]] bool is_section(const std::string& path) const {
    return std::any_of(table_.begin(), table_.end(), [&](const Setting& each) {
      return each.path.rfind(path + ".", 0) == 0;
    });
  }

  // A key of the same section with a slip of the pen, or the right key in the wrong section.
  [[nodiscard]] std::string meant(const std::string& prefix, const std::string& key) const {
    std::vector<std::string> siblings;
    std::string elsewhere;
    for (const Setting& each : table_) {
      if (each.path.rfind(prefix, 0) == 0) {
        const std::string rest = each.path.substr(prefix.size());
        siblings.push_back(rest.substr(0, rest.find('.')));
      }
      if (each.path.substr(each.path.rfind('.') + 1) == key) elsewhere = each.path;
    }
    const std::string sibling = base::nearest(key, siblings);
    return sibling.empty() ? elsewhere : prefix + sibling;
  }

  const std::vector<Setting>& table_;
  bool reserving_;
  GivenByYaml given_;
};

}  // namespace

GivenByYaml settings_from_yaml(const YamlNode& root, const std::vector<Setting>& table,
                               bool reserving) {
  Reader reader(table, reserving);
  reader.read_section(root, "");
  return std::move(reader).result();
}

}  // namespace vipd::shell
