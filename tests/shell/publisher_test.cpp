#include "vipd/shell/publisher.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "tests/shell/fixtures.h"
#include "vipd/shell/status_file.h"

namespace vipd::shell {
namespace {

using base::Json;

struct Rig {
  SetClock clock;
  ScriptedMachine machine;
  Board board;
  Publisher publisher{machine, board};
  int changes = 0;

  Rig() { publisher.on_change([this] { ++changes; }); }
  core::Now now() { return {clock.now(), clock.wall()}; }
  void turn_after(std::chrono::milliseconds time) {
    clock.advance(time);
    publisher.turned(now());
  }
};

TEST_CASE("what only counts is no change of the status") {
  Rig rig;
  rig.machine.report = Json::parse(R"({"state":"holder","lease":{"remaining_ms":4000},
      "hcloud":{"remaining":3600},"next":"in 9 s",
      "gate":[{"condition":"apiserver","ok":true,"evidence":"200 80 ms ago"}]})");
  rig.turn_after(0ms);
  CHECK(rig.changes == 1);
  rig.machine.report = Json::parse(R"({"state":"holder","lease":{"remaining_ms":3000},
      "hcloud":{"remaining":3599},"next":"in 8 s",
      "gate":[{"condition":"apiserver","ok":true,"evidence":"200 10 ms ago"}]})");
  rig.turn_after(1s);
  CHECK(rig.changes == 1);
  CHECK(Json::parse(rig.board.latest()->text)["lease"]["remaining_ms"] == 3000);
  rig.machine.report["gate"][0]["ok"] = false;
  rig.turn_after(1s);
  CHECK(rig.changes == 2);
  CHECK(rig.board.latest()->change == 2);
  CHECK(Json::parse(rig.board.latest()->text)["change"] == 2);
}

TEST_CASE("turns in quick succession make one status, yet each is a sign of life") {
  Rig rig;
  rig.turn_after(0ms);
  rig.machine.report = {{"state", "holder"}};
  rig.turn_after(Publisher::kPace - 1ms);
  CHECK(rig.changes == 1);
  CHECK(rig.board.last_beat() == rig.clock.now());
  rig.turn_after(1ms);
  CHECK(rig.changes == 2);
}

TEST_CASE("who asks for the status of this moment gets it") {
  Rig rig;
  rig.turn_after(0ms);
  rig.machine.report = {{"state", "holder"}};
  CHECK(rig.publisher.refresh(rig.now())["state"] == "holder");
  CHECK(rig.board.latest()->change == 2);
}

TEST_CASE("a byte that is no UTF-8 does not take the status away") {
  Rig rig;
  rig.machine.report = {{"state", "holder"}, {"problems", {"\xff"}}};
  rig.turn_after(0ms);
  REQUIRE(rig.board.latest());
  CHECK(Json::accept(rig.board.latest()->text));
}

TEST_CASE("waiting for a change ends with it, with the time, or with the board") {
  Board board;
  CHECK(board.wait_for_change(0, 1ms));
  CHECK_FALSE(board.latest());
  std::thread other([&] { board.publish({1, "{}"}); });
  while (!board.latest()) REQUIRE(board.wait_for_change(0, 5s));
  other.join();
  CHECK(board.latest()->change == 1);
  board.close();
  CHECK_FALSE(board.wait_for_change(1, 5s));
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool file_becomes(const std::string& path, const std::string& text) {
  boost::asio::io_context io;
  return run_until(io, [&] { return content_of(path) == text; });
}

TEST_CASE("status.json follows the status, readable by its owner alone") {
  const TempFolder folder;
  const SetClock clock;
  base::Log log = quiet_log(clock);
  Board board;
  const StatusFile file(board, log, folder / "status.json");
  board.publish({1, R"({"state":"standby"})"});
  CHECK(file_becomes(folder / "status.json", "{\"state\":\"standby\"}\n"));
  board.publish({2, R"({"state":"holder"})"});
  CHECK(file_becomes(folder / "status.json", "{\"state\":\"holder\"}\n"));
  struct stat info {};
  REQUIRE(::stat((folder / "status.json").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("a status file that cannot be written is waited for [E19]", "[E19]") {
  const TempFolder folder;
  const SetClock clock;
  base::Log log = quiet_log(clock);
  Board board;
  const StatusFile file(board, log, folder / "later/status.json");
  board.publish({1, "{}"});
  std::filesystem::create_directory(folder / "later");
  board.publish({2, "{}"});
  CHECK(file_becomes(folder / "later/status.json", "{}\n"));
}

}  // namespace
}  // namespace vipd::shell
