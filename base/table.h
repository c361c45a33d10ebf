// Rows of text as aligned columns, for people.
#pragma once

#include <string>
#include <vector>

namespace vipd::base {

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two spaces apart, nothing after the last.
[[nodiscard]] std::string table(const std::vector<Row>& rows);

// What others named, fit for a terminal: control characters become '?', nothing becomes "-".
[[nodiscard]] std::string printable(std::string text);

}  // namespace vipd::base
