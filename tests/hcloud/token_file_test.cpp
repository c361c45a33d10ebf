#include "vipd/hcloud/token_file.h"

#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/hcloud/harness.h"

namespace vipd::hcloud {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("the token is read without the white space around it") {
  TempFolder folder;
  const auto token = read_token(folder.write("token", "\n  abcDEF123 \r\n"));
  REQUIRE(token.ok());
  CHECK(token->reveal() == "abcDEF123");
}

TEST_CASE("a token file that holds no token says why and what to do, never its content [E11]") {
  TempFolder folder;
  struct Case {
    std::string content, complaint;
  };
  const auto c = GENERATE(values<Case>({
      {"", "is empty"},
      {" \n\t", "is empty"},
      {"hush hush", "white space inside"},
      {"hush\r\nX-Evil: 1", "white space inside"},
      {"hush\xc3\xa9", "not printable ASCII"},
      {std::string("hu\0sh", 5), "not printable ASCII"},
      {"hush\x7f", "not printable ASCII"},
      {std::string(5000, 'h'), "larger than 4096 bytes"},
  }));
  const auto token = read_token(folder.write("token", c.content));
  REQUIRE_FALSE(token.ok());
  const std::string text(token.status().message());
  CHECK_THAT(text, Contains(c.complaint) && Contains(folder.file("token")) &&
                       Contains("write a Hetzner Cloud API token") && !Contains("hush"));
}

TEST_CASE("a token file that is missing, a folder or a pipe is a problem, not a hang [E19]") {
  TempFolder folder;
  REQUIRE(mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  CHECK_THAT(std::string(read_token(folder.file("none")).status().message()),
             Contains("No such file"));
  CHECK_THAT(std::string(read_token(folder.file("pipe")).status().message()),
             Contains("not a regular file"));
  CHECK_FALSE(read_token(folder.file(".")).ok());
}

TEST_CASE("a token that appears counts without a restart and raises the generation [A13]") {
  World world;
  TempFolder folder;
  TokenFile file(world.loop, folder.file("token"), world.post(), 5ms);
  file.start();
  CHECK(world.events.empty());

  const auto absent = world.wait_for<core::TokenSeen>(1);
  CHECK_FALSE(absent.present);
  CHECK(absent.generation == 0);
  CHECK_THAT(absent.problem, Contains("No such file"));

  folder.write("token", "first");
  const auto first = world.wait_for<core::TokenSeen>(2);
  CHECK(first.present);
  CHECK(first.generation == 1);
  CHECK(first.problem.empty());
  CHECK(file.token()->reveal() == "first");

  folder.write("token", "sec ond");
  const auto broken = world.wait_for<core::TokenSeen>(3);
  CHECK_FALSE(broken.present);
  CHECK_FALSE(file.token().ok());

  folder.write("token", "first\n");
  CHECK(world.wait_for<core::TokenSeen>(4).generation == 2);

  folder.write("token", "second");
  CHECK(world.wait_for<core::TokenSeen>(5).generation == 3);
  CHECK(file.token()->reveal() == "second");

  world.run_for(50ms);  // ten more looks at an unchanged file
  CHECK(world.events.size() == 5);
}

TEST_CASE("a token file that goes with its look pending posts nothing any more") {
  World world;
  TempFolder folder;
  {
    TokenFile file(world.loop, folder.write("token", "first"), world.post(), 1ms);
    file.start();
  }
  world.run_for(20ms);
  CHECK(world.events.empty());
}

}  // namespace
}  // namespace vipd::hcloud
