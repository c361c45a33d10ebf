#include "talos/yaml_tree.h"

#include "tests/catch.h"

namespace vipd::talos {
namespace {

// The text of every node, by its path.
void spans(const std::string& text, const TreeNode& node, const std::string& path,
           std::vector<std::string>& out) {
  out.push_back(path + "=" + text.substr(node.begin, node.end - node.begin));
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    spans(text, node.items[i], path + "[" + std::to_string(i) + "]", out);
  }
  for (const TreeEntry& entry : node.entries) {
    spans(text, entry.value, path + "." + entry.key.value, out);
  }
}

std::vector<std::string> leaves_of(const std::string& text) {
  const auto root = parse_tree(text);
  INFO(root.status().message());
  REQUIRE(root.ok());
  std::vector<std::string> out;
  spans(text, *root, "", out);
  return out;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

TEST_CASE("a node knows the bytes it stands in, however it is written") {
  const auto all = leaves_of(
      "plain: one two # not this\n"
      "folded: one\n  two\n\n  three   # nor this\n"
      "'quoted': 'it''s'\n"
      "double: \"say \\\"x\\\" # here\"\n"
      "literal: |-\n    # no comment\n    text\n\n"
      "kept: |+\n  text\n\n"
      "empty:\n"
      "nothing: ~ # none\n"
      "flow: [a, 'b, c', {d: e, f: }, ]\n"
      "tagged: !!str 12\n"
      "list:\n- a # first\n-   b: 1\n    c: 2\n-\n"
      "last: end");
  for (const std::string wanted :
       {".plain=one two", ".folded=one\n  two\n\n  three", ".quoted='it''s'",
        ".double=\"say \\\"x\\\" # here\"", ".literal=|-\n    # no comment\n    text",
        ".kept=|+\n  text\n", ".empty=", ".nothing=~", ".flow=[a, 'b, c', {d: e, f: }, ]",
        ".flow[1]='b, c'", ".flow[2]={d: e, f: }", ".flow[2].f=", ".tagged=!!str 12",
        ".list=- a # first\n-   b: 1\n    c: 2\n-", ".list[1]=b: 1\n    c: 2", ".list[2]=",
        ".last=end"}) {
    INFO(wanted);
    CHECK(has(all, wanted));
  }
}

TEST_CASE("what could grow without bound or is ambiguous is refused with its line") {
  const auto refused = [](const std::string& text) {
    return std::string(parse_tree(text, 10).status().message());
  };
  CHECK(refused("a: &x 1\nb: *x\n") == "line 10: anchors are not supported; write the value out");
  CHECK(refused("a: 1\na: 2\n") == "line 11: a key is there twice; remove one");
  CHECK(refused("? [a]\n: 1\n") == "line 10: a key must be a scalar");
  CHECK(refused("a: [1,\n").find("line 11: ") == 0);
  CHECK(refused("b: 1\na: \"open\nc: 1\n") ==
        "line 11: a text without its end; is the file whole?");
  CHECK(refused("b: |\n  x\n  y") == "line 10: a text without its end; is the file whole?");
}

TEST_CASE("quotes matter where they change what is read, and only there") {
  const auto same = [](const std::string& one, const std::string& other) {
    return same_meaning(*parse_tree(one), *parse_tree(other));
  };
  CHECK(same("{a: 'x', b: 203.0.113.10}", "b: \"203.0.113.10\"\na: x\n"));
  for (const std::string text :
       {"1", "1.5", "0x1f", "true", "1_000", "2024-01-02", ".inf", "1e3"}) {
    INFO(text);
    CHECK_FALSE(same("a: " + text, "a: '" + text + "'"));
  }
  CHECK_FALSE(same("[a, b]", "[b, a]"));
  CHECK_FALSE(same("{a: 1}", "{a: 1, b: 1}"));
}

}  // namespace
}  // namespace vipd::talos
