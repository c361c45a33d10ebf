#include "base/yaml.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace vipd::base {
namespace {

// Builds our own tree from the parser's events: YAML::Node loses duplicate keys' positions.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file_name) : file_name_(file_name) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    add(node(YamlNode::Kind::kNull, mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.push_back(place(mark) + ": aliases are not supported; write the value out");
    add(node(YamlNode::Kind::kNull, mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    YamlNode scalar = node(YamlNode::Kind::kScalar, mark);
    scalar.scalar = value;
    add(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open_.push_back({node(YamlNode::Kind::kSequence, mark), {}, {}, false});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open_.push_back({node(YamlNode::Kind::kMap, mark), {}, {}, false});
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] std::string place(const YAML::Mark& mark) const {
    return fmt::format("{}:{}:{}", file_name_, mark.line + 1, mark.column + 1);
  }

  absl::StatusOr<YamlNode> result() && {
    if (problems_.empty()) return std::move(root_);
    return absl::InvalidArgumentError(fmt::format("{}", fmt::join(problems_, "\n")));
  }

 private:
  struct Open {  // a map or sequence whose end has not come yet
    YamlNode node;
    std::string key;
    std::string key_where;
    bool has_key;
  };

  [[nodiscard]] YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark) const {
    YamlNode made;
    made.kind = kind;
    made.where = place(mark);
    return made;
  }

  void close() {
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  void add(YamlNode child) {
    if (open_.empty()) {
      root_ = std::move(child);
    } else if (Open& parent = open_.back(); parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.items.push_back(std::move(child));
    } else if (!parent.has_key) {
      take_key(parent, child);
    } else {
      parent.has_key = false;
      parent.node.entries.push_back(
          {std::move(parent.key), std::move(parent.key_where), std::move(child)});
    }
  }

  void take_key(Open& parent, const YamlNode& child) {
    if (child.kind != YamlNode::Kind::kScalar) {
      problems_.push_back(fmt::format("{}: a key must be a scalar", child.where));
    }
    for (const YamlEntry& entry : parent.node.entries) {
      if (entry.key != child.scalar) continue;
      problems_.push_back(fmt::format("{}: duplicate key \"{}\" (first at {}); remove one",
                                      child.where, child.scalar, entry.where));
    }
    parent.key = child.scalar;
    parent.key_where = child.where;
    parent.has_key = true;
  }

  std::string file_name_;
  YamlNode root_;
  std::vector<Open> open_;
  std::vector<std::string> problems_;
};

// "3:1", where a line of the text begins with a tab among its blanks; empty where none does. The
// parser only says that some map does not end.
std::string tab_in_indentation(std::string_view text) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view row = text.substr(0, text.find('\n'));
    const auto tab = row.substr(0, row.find_first_not_of(" \t")).find('\t');
    const bool blank = row.find_first_not_of(" \t\r") == row.npos;
    if (tab != row.npos && !blank) return fmt::format("{}:{}", line, tab + 1);
    text.remove_prefix(std::min(row.size() + 1, text.size()));
  }
  return "";
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

absl::Status YamlNode::problem(std::string_view what) const {
  return absl::InvalidArgumentError(fmt::format("{}: {}", where, what));
}

absl::StatusOr<std::string> YamlNode::as_text() const {
  if (kind == Kind::kScalar) return scalar;
  return problem(fmt::format("expected a text, found {}", kind_name(kind)));
}

absl::StatusOr<std::int64_t> YamlNode::as_integer() const {
  std::int64_t value = 0;
  const char* last = scalar.data() + scalar.size();
  const auto [end, error] = std::from_chars(scalar.data(), last, value);
  if (kind == Kind::kScalar && error == std::errc() && end == last) return value;
  return problem(fmt::format("expected a whole number, found {}", kind_name(kind)));
}

absl::StatusOr<bool> YamlNode::as_bool() const {
  if (kind == Kind::kScalar && (scalar == "true" || scalar == "false")) return scalar == "true";
  return problem(fmt::format("expected true or false, found {}", kind_name(kind)));
}

std::string_view kind_name(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull: return "nothing";
    case YamlNode::Kind::kScalar: return "a text";
    case YamlNode::Kind::kSequence: return "a list";
    case YamlNode::Kind::kMap: return "a map";
  }
  return "something else";
}

absl::StatusOr<YamlNode> parse_yaml(std::string_view text, std::string_view file_name) {
  TreeBuilder builder(file_name);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder rest(file_name);
    if (parser.HandleNextDocument(rest)) {
      return absl::InvalidArgumentError(
          fmt::format("{}: holds more than one document; remove the \"---\"", file_name));
    }
  } catch (const YAML::Exception& error) {
    if (const std::string tab = tab_in_indentation(text); !tab.empty()) {
      return absl::InvalidArgumentError(fmt::format(
          "{}:{}: YAML forbids tabs for indentation: write spaces", file_name, tab));
    }
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", builder.place(error.mark), error.msg));
  }
  return std::move(builder).result();
}

}  // namespace vipd::base
