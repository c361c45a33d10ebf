#include "vipd/shell/token_sync.h"

#include <sys/stat.h>

#include "base/file.h"
#include "tests/shell/program.h"

namespace vipd::shell {
namespace {

// A mounted Secret as kubelet lays it out: token -> ..data/token, ..data -> a folder that is
// replaced as a whole.
struct Node {
  TempFolder folder;
  boost::asio::io_context io;
  base::SystemClock clock;
  base::Log log{quiet_log(clock)};
  std::string from = folder / "secret/token";
  std::string to = folder / "vipd/hcloud-token";
  int contents = 0;

  Node() {
    std::filesystem::create_directories(folder / "secret");
    std::filesystem::create_directories(folder / "vipd");
    std::filesystem::create_symlink("..data/token", from);
  }
  void mount(const std::string& token) {
    const auto name = "..content" + std::to_string(++contents);
    std::filesystem::create_directories(folder / ("secret/" + name));
    std::ofstream(folder / ("secret/" + name + "/token")) << token;
    std::filesystem::create_symlink(name, folder / "secret/..tmp");
    std::filesystem::rename(folder / "secret/..tmp", folder / "secret/..data");
  }
  [[nodiscard]] std::string token() const { return base::read_file(to).value_or("(none)"); }
  [[nodiscard]] mode_t mode() const {
    struct stat seen {};
    return ::stat(to.c_str(), &seen) == 0 ? seen.st_mode & 07777 : 0;
  }
  [[nodiscard]] ino_t inode() const {
    struct stat seen {};
    return ::stat(to.c_str(), &seen) == 0 ? seen.st_ino : 0;
  }
};

TEST_CASE("the token file follows the Secret, whole and for its owner alone") {
  Node node;
  node.mount("first");
  TokenSync sync(node.io, node.log, {node.from, node.to}, 5ms);
  sync.start();
  CHECK(node.token() == "first");
  CHECK(node.mode() == 0600);
  const auto inode = node.inode();
  run_for(node.io, 50ms);
  CHECK(node.inode() == inode);  // what is right is not written again
  node.mount("second\n");
  CHECK(run_until(node.io, [&] { return node.token() == "second\n"; }));
  CHECK(node.mode() == 0600);
}

TEST_CASE("a token file that something else changed is put right") {
  Node node;
  node.mount("right");
  TokenSync sync(node.io, node.log, {node.from, node.to}, 5ms);
  sync.start();
  std::ofstream(node.to) << "wrong";
  CHECK(run_until(node.io, [&] { return node.token() == "right"; }));
  std::filesystem::permissions(node.to, std::filesystem::perms(0644));
  CHECK(run_until(node.io, [&] { return node.mode() == 0600; }));
  std::filesystem::remove(node.to);
  CHECK(run_until(node.io, [&] { return node.token() == "right"; }));
}

TEST_CASE("a Secret that is away or no token leaves the token file as it is") {
  Node node;
  TokenSync sync(node.io, node.log, {node.from, node.to}, 5ms);
  sync.start();
  CHECK(node.token() == "(none)");
  node.mount("works");
  CHECK(run_until(node.io, [&] { return node.token() == "works"; }));
  for (const std::string bad : {"", "\n", "two words", "two\nlines", "bell\a"}) {
    node.mount(bad);
    run_for(node.io, 30ms);
    CHECK(node.token() == "works");
  }
  std::filesystem::remove_all(node.folder / "secret");
  run_for(node.io, 30ms);
  CHECK(node.token() == "works");
}

TEST_CASE("a token file that others can read is closed to them, whatever the Secret says") {
  Node node;
  node.mount("");
  std::ofstream(node.to) << "works";
  std::filesystem::permissions(node.to, std::filesystem::perms(0644));
  TokenSync sync(node.io, node.log, {node.from, node.to}, 5ms);
  sync.start();
  CHECK(node.mode() == 0600);
  CHECK(node.token() == "works");
  std::filesystem::remove_all(node.folder / "secret");
  std::filesystem::permissions(node.to, std::filesystem::perms(0640));
  CHECK(run_until(node.io, [&] { return node.mode() == 0600; }));
}

TEST_CASE("vipd sync-token runs until SIGTERM, and tells of no token") {
  Node node;
  node.mount("tell-nobody");
  Program program(node.folder, {"sync-token", "--from", node.from, "--to", node.to});
  boost::asio::io_context io;
  REQUIRE(run_until(io, [&] { return node.token() == "tell-nobody"; }));
  node.mount("no token");
  REQUIRE(run_until(io, [&] { return program.err().find("stays as it is") != std::string::npos; }));
  program.signal(SIGTERM);
  CHECK(program.wait() == 0);
  CHECK(program.err().find("tell-nobody") == std::string::npos);
  CHECK(program.err().find("no token") == std::string::npos);
  CHECK(program.err().find(node.to) != std::string::npos);

  Program without(node.folder, {"sync-token", "--from", node.from});
  CHECK(without.wait() == 2);
}

}  // namespace
}  // namespace vipd::shell
