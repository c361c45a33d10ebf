#include "vipd/shell/text_table.h"

#include <utility>
#include <vector>

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
  return base::printable(std::move(text));
}

std::string shown(const Json& object, const char* name) { return shown(field(object, name)); }

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
