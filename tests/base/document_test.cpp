#include "base/document.h"

#include "base/yaml.h"
#include "tests/catch.h"

namespace vipd::base {
namespace {

TEST_CASE("json is indented, yaml is the same value without braces") {
  const Json value = {{"id", 7},
                      {"list", {{{"a", "b"}, {"c", true}}, Json::array({1, 2})}},
                      {"map", {{"x", nullptr}}},
                      {"none", Json::array()}};
  CHECK(document(value, "json") == value.dump(2) + "\n");
  CHECK(document(value, "yaml") ==
        "id: 7\nlist:\n  - a: b\n    c: true\n  - - 1\n    - 2\nmap:\n  x: null\nnone: []\n");
  CHECK(document(Json::array(), "yaml") == "[]\n");
}

TEST_CASE("text comes back as the same text from a YAML reader") {
  for (const std::string text : {"api", "yes", "No", "null", "1234", "0x1", "1e3", "- a", "a: b",
                                 "#x", "", "a\"b\\", "~", "2026-01-01", "-", "line\nline"}) {
    INFO(text);
    const auto tree = parse_yaml(document(Json{{"k", text}}, "yaml"), "test");
    REQUIRE(tree.ok());
    CHECK(tree->find("k")->scalar == text);
  }
  for (const std::string text : {"yes", "No", "1234", "0x1", "null", "~"}) {
    CHECK(yaml_text(text).front() == '"');  // else a reader takes it for another type
  }
}

}  // namespace
}  // namespace vipd::base
