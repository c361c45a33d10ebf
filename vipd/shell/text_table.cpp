#include "vipd/shell/text_table.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace vipd::shell {

using base::Json;

const Json& field(const Json& object, const char* name) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

std::string shown(const Json& value) {
  std::string text = "-";
  if (value.is_boolean()) text = value.get<bool>() ? "yes" : "no";
  if (value.is_number()) text = value.dump();
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) text = value;
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

std::string shown(const Json& object, const char* name) { return shown(field(object, name)); }

std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string section(const Json& list, Row heading, std::initializer_list<const char*> fields) {
  if (!list.is_array() || list.empty()) return "";
  std::vector<Row> rows = {std::move(heading)};
  for (const auto& element : list) {
    Row row;
    for (const auto* name : fields) row.push_back(shown(element, name));
    rows.push_back(std::move(row));
  }
  return "\n" + table(rows);
}

}  // namespace vipd::shell
