// Enabling, restarting and upgrading vipd: nothing moves (rule E15).
#include "tests/catch.h"

#include <filesystem>

#include <fmt/format.h>

#include "tests/lab/scenario.h"

namespace vipd::lab {
namespace {

namespace fs = std::filesystem;

Setup enabled_on(const std::string& fip_on, bool vipd) {
  Setup setup = quick();
  setup.fip_on = fip_on;
  setup.vipd = vipd;
  return setup;
}

// A folder of links to the programs, in which a program can be put in another's place.
class Programs {
 public:
  Programs() {
    std::string pattern = "/tmp/scene-bin-XXXXXX";
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    dir_ = pattern;
    const char* bin = std::getenv("SCENARIO_BIN");
    from_ = bin != nullptr ? fs::path(bin) : fs::path(LAB_PROGRAM).parent_path();
    for (const char* name : {"lab", "vipd", "hcloudsim", "apisim", "prober"})
      fs::create_symlink(from_ / name, dir_ / name);
  }
  ~Programs() { fs::remove_all(dir_); }
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  [[nodiscard]] std::string dir() const { return dir_.string(); }
  // As a new image does: another file under the same name.
  void upgrade_vipd() {
    fs::copy_file(NEXT_VIPD, dir_ / "new");
    fs::rename(dir_ / "new", dir_ / "vipd");
  }

 private:
  fs::path dir_;
  fs::path from_;
};

TEST_CASE("enabling vipd node by node, the holder's last, moves nothing", "[E13][E15]") {
  Scene scene(enabled_on("cp-1", false));
  const auto start = scene.audit_seq();
  const auto between = long_or(Millis(20000), Millis(60000));
  for (const std::string name : {"cp-2", "cp-3"}) {
    scene.act("start-vipd", name);
    scene.until(name + " is up", Millis(20000),
                [&] { return scene.state_of(name) == "unmanaged"; });
    scene.nothing_moves(start, between, "with vipd on " + name);
    scene.until(name + " is ready and leaves it to cp-1", Millis(20000), [&] {
      const auto status = scene.status_of(name);
      return status.is_object() && status["state"] == "unmanaged" && status["ready"] == true;
    });
  }
  scene.act("start-vipd", "cp-1");
  scene.until_settled("once all have vipd");
  CHECK(scene.holder() == "cp-1");
  scene.nothing_moves(start, between, "with vipd everywhere");
  for (const auto& line : scene.audit_since(start)) CHECK(line["event"] != "assign_accepted");
}

TEST_CASE("restarting vipd on each node in turn moves nothing", "[E15][E18]") {
  Scene scene(enabled_on("cp-2", true));
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  for (const std::string name : {"cp-1", "cp-2", "cp-3"}) {
    const auto before = scene.status_of(name)["instance"];
    scene.act("restart-vipd", name);
    scene.until_settled("after the restart on " + name);
    CHECK(scene.status_of(name)["instance"] != before);
    CHECK(scene.holder() == "cp-2");
  }
  scene.nothing_moves(start, Millis(5000), "after the restarts");
}

TEST_CASE("upgrading vipd on each node in turn moves nothing", "[E15][E18]") {
  Programs programs;
  Setup setup = enabled_on("cp-1", true);
  setup.bin = programs.dir();
  Scene scene(setup);
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  programs.upgrade_vipd();
  for (const std::string name : {"cp-1", "cp-2", "cp-3"}) {
    scene.act("stop-vipd", name);
    // The image is being pulled: nobody takes the address meanwhile.
    scene.nothing_moves(start, Millis(3000), "while vipd on " + name + " is down");
    scene.act("start-vipd", name);
    scene.until_settled("after the upgrade of " + name);
    CHECK(scene.status_of(name)["version"] == NEXT_VERSION);
    CHECK(scene.holder() == "cp-1");
  }
  scene.nothing_moves(start, Millis(5000), "after the upgrade");
}

TEST_CASE("a single vipd on a node that does not hold waits for the node that does", "[E13]") {
  Scene scene(enabled_on("cp-1", false));
  const auto start = scene.audit_seq();
  scene.act("start-vipd", "cp-3");
  scene.until("cp-3 knows who has it", Millis(20000),
              [&] { return scene.state_of("cp-3") == "unmanaged"; });
  // Frozen is for etcd's pauses on a busy machine; unmanaged is what it comes back to.
  scene.during("nobody holds, and nothing moves", long_or(Millis(60000), Millis(600000)), [&] {
    const auto state = scene.state_of("cp-3");
    return (state == "unmanaged" || state == "frozen") && scene.moves_since(start).empty();
  });
  scene.until("still unmanaged", Millis(15000),
              [&] { return scene.state_of("cp-3") == "unmanaged"; });
  scene.until("it says who has first claim", Millis(15000),
              [&] { return scene.problem_of("cp-3", "has first claim"); });
  // Only the node that has it makes it managed.
  scene.act("start-vipd", "cp-1");
  scene.until_settled("with two");
  CHECK(scene.holder() == "cp-1");
  CHECK(scene.moves_since(start).empty());
}

}  // namespace
}  // namespace vipd::lab
