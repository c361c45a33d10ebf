// JSON as plain text for a terminal: single values, tables, sections. What others wrote may
// hold control characters; none gets through.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "base/json.h"

namespace vipd::shell {

using Row = std::vector<std::string>;

// The named member, or null.
[[nodiscard]] const base::Json& field(const base::Json& object, const char* name);

// "yes", "no", a number, text; "-" for everything else.
[[nodiscard]] std::string shown(const base::Json& value);
[[nodiscard]] std::string shown(const base::Json& object, const char* name);

// Columns as wide as their widest cell, two spaces apart, nothing after the last.
[[nodiscard]] std::string table(const std::vector<Row>& rows);

// A table of one line per element, under a heading; nothing where there are none.
[[nodiscard]] std::string section(const base::Json& list, Row heading,
                                  std::initializer_list<const char*> fields);

}  // namespace vipd::shell
