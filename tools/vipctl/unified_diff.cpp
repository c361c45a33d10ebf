#include "tools/vipctl/unified_diff.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include <fmt/format.h>

namespace vipd::vipctl {
namespace {

constexpr std::size_t kContext = 3;

struct Line {
  char sign;  // ' ', '-' or '+'
  std::string text;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// By the longest common subsequence; patches are some hundred lines at most.
std::vector<Line> compared(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::vector<std::size_t>> common(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1
                                  : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::vector<Line> lines;
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      lines.push_back({' ', a[i++]});
      ++j;
    } else if (j >= b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      lines.push_back({'-', a[i++]});
    } else {
      lines.push_back({'+', b[j++]});
    }
  }
  return lines;
}

bool is_near_change(const std::vector<Line>& lines, std::size_t at) {
  const std::size_t from = at < kContext ? 0 : at - kContext;
  const std::size_t to = std::min(lines.size(), at + kContext + 1);
  return std::any_of(lines.begin() + static_cast<std::ptrdiff_t>(from),
                     lines.begin() + static_cast<std::ptrdiff_t>(to),
                     [](const Line& line) { return line.sign != ' '; });
}

}  // namespace

std::string unified_diff(const std::string& before, const std::string& after,
                         const std::string& name_before, const std::string& name_after) {
  if (before == after) return "";
  const std::vector<Line> lines = compared(lines_of(before), lines_of(after));
  std::string out = fmt::format("--- {}\n+++ {}\n", name_before, name_after);
  std::size_t old_line = 1;
  std::size_t new_line = 1;
  for (std::size_t at = 0; at < lines.size();) {
    if (!is_near_change(lines, at)) {
      ++at, ++old_line, ++new_line;
      continue;
    }
    std::string body;
    std::size_t old_count = 0;
    std::size_t new_count = 0;
    for (; at < lines.size() && is_near_change(lines, at); ++at) {
      body += lines[at].sign + lines[at].text + "\n";
      old_count += lines[at].sign != '+' ? 1U : 0U;
      new_count += lines[at].sign != '-' ? 1U : 0U;
    }
    out += fmt::format("@@ -{},{} +{},{} @@\n{}", old_count == 0 ? old_line - 1 : old_line,
                       old_count, new_count == 0 ? new_line - 1 : new_line, new_count, body);
    old_line += old_count;
    new_line += new_count;
  }
  return out;
}

}  // namespace vipd::vipctl
