#include "base/yaml.h"

#include "tests/catch.h"

namespace vipd::base {
namespace {

YamlNode parsed(std::string_view text) { return parse_yaml(text, "vipd.yaml").value(); }

std::string error_of(std::string_view text) {
  return std::string(parse_yaml(text, "vipd.yaml").status().message());
}

TEST_CASE("a tree knows its kinds, values and places") {
  const YamlNode root = parsed("cluster: prod\nlist: [1, two]\nempty:\nmap:\n  ok: true\n");
  CHECK(root.kind == YamlNode::Kind::kMap);
  CHECK(root.find("cluster")->as_text().value() == "prod");
  CHECK(root.find("cluster")->where == "vipd.yaml:1:10");
  CHECK(root.find("list")->items.at(0).as_integer().value() == 1);
  CHECK(root.find("list")->items.at(1).where == "vipd.yaml:2:11");
  CHECK(root.find("empty")->kind == YamlNode::Kind::kNull);
  CHECK(root.find("map")->find("ok")->as_bool().value());
  CHECK(root.find("map")->entries.at(0).where == "vipd.yaml:5:3");
  CHECK(root.find("missing") == nullptr);
}

TEST_CASE("a value of another type is refused with its place and without its text") {
  const YamlNode root = parsed("port: s3cret\nlist: [a]\n");
  for (const auto& status :
       {root.find("port")->as_integer().status(), root.find("port")->as_bool().status()}) {
    CHECK(std::string(status.message()).rfind("vipd.yaml:1:7: ", 0) == 0);
    CHECK(status.ToString().find("s3cret") == std::string::npos);
  }
  CHECK(std::string(root.find("list")->as_text().status().message()) ==
        "vipd.yaml:2:7: expected a text, found a list");
}

TEST_CASE("every duplicate key is named with both places") {
  const std::string error = error_of("a: 1\nb: 2\na: 3\nm: {k: 1, k: 2}\n");
  CHECK(error.find("vipd.yaml:3:1: duplicate key \"a\" (first at vipd.yaml:1:1)") !=
        std::string::npos);
  CHECK(error.find("vipd.yaml:4:11: duplicate key \"k\" (first at vipd.yaml:4:5)") !=
        std::string::npos);
}

TEST_CASE("a file with a syntax error says where") {
  CHECK(error_of("a: 1\nb: [1, 2\n").rfind("vipd.yaml:3:1: ", 0) == 0);
  CHECK(error_of("a:\n  c: 3\n\tb: 2\n") ==
        "vipd.yaml:3:1: YAML forbids tabs for indentation: write spaces");
  CHECK(error_of("# a\n \t\nlabels:\n  \tvipd: prod\nx: [\n") ==
        "vipd.yaml:4:3: YAML forbids tabs for indentation: write spaces");
  CHECK(error_of("a: [1,\t2]\nb: [1, 2\n").rfind("vipd.yaml:3:1: end of sequence", 0) == 0);
  CHECK(error_of("a: *nowhere\n").rfind("vipd.yaml:1:", 0) == 0);
}

TEST_CASE("aliases, second documents and keys that are maps are refused") {
  CHECK(error_of("a: &x [1]\nb: *x\n").find("vipd.yaml:2:4: aliases") != std::string::npos);
  CHECK(error_of("a: 1\n---\nb: 2\n").find("more than one document") != std::string::npos);
  CHECK(error_of("? {a: 1}\n: 2\n").find("a key must be a scalar") != std::string::npos);
}

TEST_CASE("an empty file is nothing, not an error") {
  CHECK(parsed("").kind == YamlNode::Kind::kNull);
  CHECK(parsed("# only a remark\n").kind == YamlNode::Kind::kNull);
}

TEST_CASE("absurd nesting is an error, not a crash") {
  CHECK_FALSE(parse_yaml(std::string(100'000, '['), "vipd.yaml").ok());
}

}  // namespace
}  // namespace vipd::base
