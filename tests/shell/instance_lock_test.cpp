#include "vipd/shell/instance_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "tests/shell/fixtures.h"

namespace vipd::shell {
namespace {

// Sends stderr, where the log goes, to a file while it lives.
class Overheard {
 public:
  explicit Overheard(std::string path) : path_(std::move(path)), before_(::dup(STDERR_FILENO)) {
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(file, STDERR_FILENO);
    ::close(file);
  }
  ~Overheard() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }
  Overheard(const Overheard&) = delete;
  Overheard& operator=(const Overheard&) = delete;
  [[nodiscard]] std::string text() const {
    std::ifstream file(path_);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }

 private:
  std::string path_;
  int before_;
};

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

struct Rig {
  TempFolder folder;
  boost::asio::io_context io;
  SetClock clock;
  Overheard overheard{folder / "log"};
  base::Log log{base::LogFormat::kConsole, base::LogLevel::kInfo, clock};
};

TEST_CASE("a second vipd on a node waits, names who holds the lock, and follows it") {
  Rig rig;
  auto first = std::make_unique<InstanceLock>(rig.io, rig.log, rig.folder / "state");
  InstanceLock second(rig.io, rig.log, rig.folder / "state");
  bool first_held = false;
  bool second_held = false;
  first->acquire([&] { first_held = true; });
  REQUIRE(run_until(rig.io, [&] { return first_held; }));
  second.acquire([&] { second_held = true; });
  run_for(rig.io, 700ms);
  CHECK_FALSE(second_held);
  CHECK(times(rig.overheard.text(), "process " + std::to_string(::getpid()) + " holds") == 1);
  first.reset();
  CHECK(run_until(rig.io, [&] { return second_held; }));
  CHECK(times(rig.overheard.text(), "lock taken") == 1);
}

TEST_CASE("a state folder that cannot be made is waited for [E19]", "[E19]") {
  Rig rig;
  InstanceLock lock(rig.io, rig.log, rig.folder / "disk/state");
  bool held = false;
  lock.acquire([&] { held = true; });
  run_for(rig.io, 50ms);
  CHECK_FALSE(held);
  CHECK(times(rig.overheard.text(), "check stateDir") == 1);
  std::filesystem::create_directory(rig.folder / "disk");
  CHECK(run_until(rig.io, [&] { return held; }));
}

}  // namespace
}  // namespace vipd::shell
