#include "talos/yaml_extent.h"

#include <algorithm>
#include <array>

namespace vipd::talos {
namespace {

using Kind = TreeNode::Kind;
constexpr auto kNone = std::string_view::npos;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class Extents {
 public:
  explicit Extents(std::string_view text) : text_(text) {}

  // `after` is where the node may begin at the earliest; `indent` that of the block around it.
  void measure(TreeNode& node, std::size_t after, int indent) {
    switch (node.kind) {
      case Kind::kNull: measure_null(node, after); break;
      case Kind::kScalar: node.end = scalar_end(node, indent); break;
      case Kind::kSequence: measure_sequence(node, indent); break;
      case Kind::kMap: measure_map(node, indent); break;
    }
  }

  [[nodiscard]] std::optional<std::size_t> unended() const { return unended_; }

 private:
  [[nodiscard]] char at(std::size_t place) const { return place < text_.size() ? text_[place] : 0; }

  // Over white space and comments. "#" begins a comment only behind white space.
  [[nodiscard]] std::size_t skip_space(std::size_t place) const {
    while (place < text_.size()) {
      if (is_space(text_[place])) {
        ++place;
      } else if (text_[place] == '#' && (place == 0 || is_space(text_[place - 1]))) {
        place = line_end(text_, place);
      } else {
        break;
      }
    }
    return place;
  }

  // Behind "!tag", where the node itself begins.
  [[nodiscard]] std::size_t behind_tag(const TreeNode& node) const {
    std::size_t place = node.begin;
    if (at(place) != '!') return place;
    while (place < text_.size() && !is_space(text_[place])) ++place;
    return skip_space(place);
  }

  void measure_null(TreeNode& node, std::size_t after) const {
    constexpr std::array<std::string_view, 4> kWords = {"null", "Null", "NULL", "~"};
    for (const std::string_view word : kWords) {
      if (node.begin < after || text_.substr(node.begin, word.size()) != word) continue;
      node.end = node.begin + word.size();
      return;
    }
    node.begin = node.end = std::min(after, text_.size());
  }

  [[nodiscard]] std::size_t scalar_end(const TreeNode& node, int indent) {
    const std::size_t begin = behind_tag(node);
    switch (at(begin)) {
      case '"': return quoted_end(begin, '"');
      case '\'': return quoted_end(begin, '\'');
      case '|':
      case '>': return node.quoted ? block_scalar_end(begin, indent) : plain_end(begin, node);
      default: return plain_end(begin, node);
    }
  }

  [[nodiscard]] std::size_t quoted_end(std::size_t begin, char quote) {
    std::size_t place = begin + 1;
    while (place < text_.size()) {
      const bool escaped =
          quote == '"' ? text_[place] == '\\' : text_[place] == quote && at(place + 1) == quote;
      if (!escaped && text_[place] == quote) break;
      place += escaped ? 2 : 1;
    }
    if (place >= text_.size()) unended_ = begin;
    return std::min(place + 1, text_.size());
  }

  // Goes along with the value: a run of breaks in the text is one blank or breaks in the value.
  [[nodiscard]] std::size_t plain_end(std::size_t begin, const TreeNode& node) const {
    std::size_t place = begin;
    const std::string& value = node.value;
    for (std::size_t i = 0; i < value.size() && place < text_.size();) {
      const std::size_t word = std::min(text_.find_first_not_of(" \t\r\n", place), text_.size());
      const bool folded = text_.substr(place, word - place).find('\n') != kNone;
      if (!folded) {
        ++place;
        ++i;
        continue;
      }
      place = word;
      while (i < value.size() && is_space(value[i])) ++i;
    }
    return place;
  }

  [[nodiscard]] std::size_t block_scalar_end(std::size_t begin, int indent) {
    const std::size_t header_end = line_end(text_, begin);
    const std::string_view header = text_.substr(begin, header_end - begin);
    const std::string_view marks = header.substr(0, header.find_first_of(" \t\r"));
    const bool keeps = marks.find('+') != kNone;
    const auto digit = marks.find_first_of("123456789");
    int least = digit == kNone ? -1 : std::max(indent, 0) + (marks[digit] - '0');
    std::size_t end = header_end;
    for (std::size_t line = header_end + 1; line < text_.size();) {
      const std::size_t stop = line_end(text_, line);
      const std::size_t first = text_.find_first_not_of(' ', line);
      const bool blank = first >= stop || text_[first] == '\r';
      const int depth = static_cast<int>(std::min(first, stop) - line);
      if (!blank && least < 0) least = std::max(depth, indent + 1);
      if (!blank && depth < least) break;
      if (!blank || keeps) end = stop;
      line = stop + 1;
    }
    // Readers differ on whether such a text has a last line break.
    if (end == text_.size()) unended_ = begin;
    return end;
  }

  void measure_sequence(TreeNode& node, int indent) {
    const std::size_t begin = behind_tag(node);
    std::size_t after = node.flow ? begin + 1 : begin;
    const int own = node.flow ? indent : static_cast<int>(column_of(text_, begin));
    for (TreeNode& item : node.items) {
      after = skip_separators(after, node.flow);
      if (!node.flow) item.dash = after++;
      measure(item, after, own);
      after = item.end;
    }
    node.end = node.flow ? closing(after) : after;
  }

  void measure_map(TreeNode& node, int indent) {
    const std::size_t begin = behind_tag(node);
    const bool braces = node.flow && at(begin) == '{';
    std::size_t after = braces ? begin + 1 : begin;
    const int own = node.flow ? indent : static_cast<int>(column_of(text_, begin));
    for (TreeEntry& entry : node.entries) {
      after = skip_separators(after, node.flow);
      measure(entry.key, after, own);
      const std::size_t colon = skip_space(entry.key.end);
      entry.colon = at(colon) == ':' ? colon + 1 : entry.key.end;
      measure(entry.value, entry.colon, own);
      after = std::max(entry.value.end, entry.colon);
    }
    node.end = braces ? closing(after) : after;
  }

  [[nodiscard]] std::size_t skip_separators(std::size_t place, bool flow) const {
    place = skip_space(place);
    while (flow && at(place) == ',') place = skip_space(place + 1);
    return place;
  }

  [[nodiscard]] std::size_t closing(std::size_t after) const {
    return std::min(skip_separators(after, true) + 1, text_.size());
  }

  std::string_view text_;
  std::optional<std::size_t> unended_;
};

}  // namespace

std::optional<std::size_t> measure_extents(std::string_view text, TreeNode& root) {
  Extents extents(text);
  extents.measure(root, 0, -1);
  return extents.unended();
}

std::size_t line_end(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

std::size_t column_of(std::string_view text, std::size_t at) {
  const auto line = at == 0 ? kNone : text.rfind('\n', at - 1);
  return line == kNone ? at : at - line - 1;
}

}  // namespace vipd::talos
