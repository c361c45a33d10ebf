#include "talos/yaml_tree.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <sstream>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "talos/yaml_extent.h"

namespace vipd::talos {
namespace {

using Kind = TreeNode::Kind;

// Stops the parser from within an event; it has no other way.
struct Refused {
  int line;
  std::string what;
};

class Builder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(made(Kind::kNull, mark, "", anchor), mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{mark.line, "aliases are not supported; write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    TreeNode node = made(Kind::kScalar, mark, tag, anchor);
    node.quoted = tag == "!";
    node.value = value;
    add(std::move(node), mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Kind::kSequence, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Kind::kMap, mark, tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

  TreeNode result() && { return std::move(root_); }

 private:
  struct Open {  // a collection whose end has not come yet
    TreeNode node;
    TreeNode key;
    bool has_key = false;
    YAML::Mark mark;
    std::unordered_set<std::string> keys;  // so far
  };

  TreeNode made(Kind kind, const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor) {
    if (anchor != 0) throw Refused{mark.line, "anchors are not supported; write the value out"};
    if (++nodes_ > kMostNodes) {
      throw Refused{mark.line, fmt::format("more than {} values", kMostNodes)};
    }
    TreeNode node;
    node.kind = kind;
    node.tag = tag == "?" || tag == "!" ? "" : tag;
    node.begin = static_cast<std::size_t>(std::max(mark.pos, 0));
    return node;
  }

  void open(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    TreeNode node = made(kind, mark, tag, anchor);
    node.flow = style == YAML::EmitterStyle::Flow;
    open_.push_back({std::move(node), {}, false, mark, {}});
  }

  void close() {
    TreeNode done = std::move(open_.back().node);
    const YAML::Mark mark = open_.back().mark;
    open_.pop_back();
    add(std::move(done), mark);
  }

  void add(TreeNode child, const YAML::Mark& mark) {
    if (open_.empty()) {
      root_ = std::move(child);
    } else if (Open& parent = open_.back(); parent.node.kind == Kind::kSequence) {
      parent.node.items.push_back(std::move(child));
    } else if (!parent.has_key) {
      take_key(parent, std::move(child), mark);
    } else {
      parent.has_key = false;
      parent.node.entries.push_back({std::move(parent.key), std::move(child), 0});
    }
  }

  static void take_key(Open& parent, TreeNode child, const YAML::Mark& mark) {
    if (child.kind != Kind::kScalar) throw Refused{mark.line, "a key must be a scalar"};
    if (!parent.keys.insert(child.value).second) {
      throw Refused{mark.line, "a key is there twice; remove one"};
    }
    parent.key = std::move(child);
    parent.has_key = true;
  }

  TreeNode root_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
};

bool has_made_entry(const TreeNode& map) {
  return std::any_of(map.entries.begin(), map.entries.end(),
                     [](const TreeEntry& entry) { return entry.value.made; });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Decimal, hexadecimal, octal, binary, with "_" between; .inf and .nan.
bool is_number(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.erase(0, 1);
  if (text == ".inf" || text == ".nan") return true;
  if (text.empty() || (!is_digit(text[0]) && text[0] != '.')) return false;
  if (text.size() > 2 && text[0] == '0' && !is_digit(text[1]) && text[1] != '.') {
    return text.find_first_not_of("0123456789abcdef", 2) == text.npos;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

bool is_date(std::string_view text) {
  return text.size() >= 8 && std::all_of(text.begin(), text.begin() + 4, is_digit) &&
         text[4] == '-' && is_digit(text[5]);
}

bool same_scalar(const TreeNode& one, const TreeNode& other) {
  const auto is_text = [](const TreeNode& node) {
    return node.quoted || node.tag == "tag:yaml.org,2002:str" || plain_is_text(node.value);
  };
  return one.value == other.value && is_text(one) == is_text(other);
}

}  // namespace

const TreeNode* TreeNode::find(std::string_view key) const {
  for (const TreeEntry& entry : entries) {
    if (entry.key.value == key) return &entry.value;
  }
  return nullptr;
}

const TreeNode* TreeNode::at(const std::vector<std::string>& path) const {
  const TreeNode* node = this;
  for (const std::string& key : path) {
    if (node != nullptr) node = node->find(key);
  }
  return node;
}

std::vector<std::string> TreeNode::texts() const {
  if (kind == Kind::kScalar) return {value};
  std::vector<std::string> all;
  for (const TreeNode& item : items) all.push_back(item.value);
  return all;
}

absl::StatusOr<TreeNode> parse_tree(std::string_view text, int first_line) {
  const auto problem = [first_line](int line, std::string_view what) {
    return absl::InvalidArgumentError(
        fmt::format("line {}: {}", first_line + std::max(line, 0), what));
  };
  Builder builder;
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    return problem(error.mark.line, error.msg);
  } catch (const Refused& refused) {
    return problem(refused.line, refused.what);
  }
  TreeNode root = std::move(builder).result();
  if (const auto unended = measure_extents(text, root)) {
    const auto before = text.substr(0, *unended);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    return problem(static_cast<int>(lines), "a text without its end; is the file whole?");
  }
  return root;
}

bool same_text(const TreeNode& one, const TreeNode& other) {
  if (one.made || other.made) return same_meaning(one, other);
  if (one.kind != other.kind || one.quoted != other.quoted || one.tag != other.tag ||
      one.value != other.value || one.entries.size() != other.entries.size()) {
    return false;
  }
  if (has_made_entry(one) || has_made_entry(other)) {  // which may stand anywhere
    return std::all_of(one.entries.begin(), one.entries.end(), [&](const TreeEntry& entry) {
      const TreeNode* match = other.find(entry.key.value);
      return match != nullptr && same_text(entry.value, *match);
    });
  }
  return std::equal(one.items.begin(), one.items.end(), other.items.begin(), other.items.end(),
                    same_text) &&
         std::equal(one.entries.begin(), one.entries.end(), other.entries.begin(),
                    other.entries.end(), [](const TreeEntry& left, const TreeEntry& right) {
                      return same_text(left.key, right.key) && same_text(left.value, right.value);
                    });
}

bool same_meaning(const TreeNode& one, const TreeNode& other) {
  if (one.kind != other.kind || one.items.size() != other.items.size() ||
      one.entries.size() != other.entries.size()) {
    return false;
  }
  if (one.kind == Kind::kScalar) return same_scalar(one, other);
  return std::equal(one.items.begin(), one.items.end(), other.items.begin(), same_meaning) &&
         std::all_of(one.entries.begin(), one.entries.end(), [&](const TreeEntry& entry) {
           const TreeNode* match = other.find(entry.key.value);
           return match != nullptr && same_meaning(entry.value, *match);
         });
}

bool plain_is_text(std::string_view text) {
  constexpr std::array<std::string_view, 10> kWords = {
      "null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"};
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower.empty() || std::find(kWords.begin(), kWords.end(), lower) != kWords.end()) return false;
  return !is_number(lower) && !is_date(lower);
}

}  // namespace vipd::talos
