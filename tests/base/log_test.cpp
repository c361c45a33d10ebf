#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "tests/catch.h"

namespace vipd::base {
namespace {

class FixedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return {}; }
  [[nodiscard]] WallTime wall() const override { return {1'769'817'300}; }
};

// What `work` writes to stderr.
template <typename Work>
std::string captured(Work work) {
  char name[] = "/tmp/vipd-log-XXXXXX";
  const int file = mkstemp(name);
  REQUIRE(file >= 0);
  const int saved = dup(STDERR_FILENO);
  dup2(file, STDERR_FILENO);
  work();
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(file);
  const std::string text = read_file(name).value();
  unlink(name);
  return text;
}

std::string logged(LogFormat format, std::string_view message, const LogFields& fields) {
  const FixedClock clock;
  return captured([&] {
    Log log(format, LogLevel::kInfo, clock);
    log.write(LogLevel::kInfo, message, fields);
  });
}

TEST_CASE("the console shows time, level, message and fields on one line") {
  CHECK(logged(LogFormat::kConsole, "took over", {{"epoch", "7"}, {"why", "two words"}}) ==
        "2026-01-30T23:55:00Z INFO  took over epoch=7 why=\"two words\"\n");
  CHECK(logged(LogFormat::kConsole, "x", {{"empty", ""}}) ==
        "2026-01-30T23:55:00Z INFO  x empty=\"\"\n");
}

TEST_CASE("text from outside cannot begin a line of its own") {
  const std::string console =
      logged(LogFormat::kConsole, "a\n2026 ERROR b", {{"k", "v\nw\x1b[31m"}});
  CHECK(std::count(console.begin(), console.end(), '\n') == 1);
  CHECK(console.find('\x1b') == std::string::npos);
}

TEST_CASE("each JSON line is an object, whatever bytes come") {
  const std::string line =
      logged(LogFormat::kJson, "say \"hi\"\n", {{"reason", "not \xff utf-8"}, {"epoch", "7"}});
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  const Json object = parse_json(line).value();
  CHECK(json_text(object, "time") == "2026-01-30T23:55:00Z");
  CHECK(json_text(object, "level") == "info");
  CHECK(json_text(object, "message") == "say \"hi\"\n");
  CHECK(json_text(object, "reason") == "not \xEF\xBF\xBD utf-8");
  CHECK(json_text(object, "epoch") == "7");
}

TEST_CASE("what is below the least level is not written") {
  const FixedClock clock;
  const std::string text = captured([&] {
    Log log(LogFormat::kConsole, LogLevel::kWarn, clock);
    log.write(LogLevel::kDebug, "one");
    log.write(LogLevel::kInfo, "two");
    log.write(LogLevel::kWarn, "three");
    log.write(LogLevel::kError, "four");
  });
  CHECK(text == "2026-01-30T23:55:00Z WARN  three\n2026-01-30T23:55:00Z ERROR four\n");
}

TEST_CASE("lines of several threads do not mix") {
  const FixedClock clock;
  const std::string text = captured([&] {
    Log log(LogFormat::kConsole, LogLevel::kInfo, clock);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&log] {
        for (int line = 0; line < 200; ++line) log.write(LogLevel::kInfo, std::string(200, 'x'));
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  const std::string line = "2026-01-30T23:55:00Z INFO  " + std::string(200, 'x') + "\n";
  REQUIRE(text.size() == 800 * line.size());
  for (std::size_t at = 0; at < text.size(); at += line.size()) {
    REQUIRE(text.compare(at, line.size(), line) == 0);
  }
}

}  // namespace
}  // namespace vipd::base
