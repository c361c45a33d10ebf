#include "base/json.h"

#include "tests/catch.h"

namespace vipd::base {
namespace {

std::string error_of(std::string_view text) { return parse_json(text).status().ToString(); }

TEST_CASE("fields of the right type are found, all else is nothing") {
  const Json object =
      parse_json(R"({"t":"x","i":-7,"u":18446744073709551615,"f":1.5,"b":true,"n":null})").value();
  CHECK(json_text(object, "t") == "x");
  CHECK(json_integer(object, "i") == -7);
  CHECK(json_bool(object, "b") == true);

  for (const char* field : {"i", "b", "n", "missing"}) CHECK_FALSE(json_text(object, field));
  for (const char* field : {"t", "u", "f", "b", "n"}) CHECK_FALSE(json_integer(object, field));
  for (const char* field : {"t", "i", "n"}) CHECK_FALSE(json_bool(object, field));
  CHECK_FALSE(json_text(Json::array({"t"}), "t"));
  CHECK(json_integer(parse_json(R"({"i":9223372036854775807})").value(), "i") == INT64_MAX);
}

TEST_CASE("malformed JSON is told by its place and never quoted") {
  CHECK(error_of(R"({"token": s3cret})").find("byte 11") != std::string::npos);
  for (const char* text : {"", "{", "<html>s3cret", "{\"a\":\"s3cret\xff\"}", "[1e999]", "1 2"}) {
    CHECK_FALSE(parse_json(text).ok());
    CHECK(error_of(text).find("s3cret") == std::string::npos);
  }
}

TEST_CASE("nesting has a limit") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(parse_json(nested(64)).ok());
  CHECK_FALSE(parse_json(nested(65)).ok());
  CHECK_FALSE(parse_json(nested(500'000)).ok());
}

}  // namespace
}  // namespace vipd::base
