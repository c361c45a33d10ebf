// What the lab does not do, and what it says instead.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/lab/bare_lab.h"

namespace vipd::lab {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  void have(const std::string& file) const { std::ofstream(path_ + "/" + file) << "{}"; }

 private:
  std::string path_ = "/tmp/lab-XXXXXX";
};

struct Answer {
  int code = 0;
  std::string text;
};

// Both outputs as one, and the exit code.
Answer shell(const std::string& command) {
  const std::string text = output_of("{ " + command + "; } 2>&1; echo $?");
  const auto end = text.rfind('\n', text.size() - 2);
  const auto code = end == std::string::npos ? 0 : end + 1;
  return {std::stoi(text.substr(code)), text.substr(0, code)};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string kLab = LAB_PROGRAM " --dir ";

TEST_CASE("only a lab's own directory is removed, and only an empty one taken") {
  const Folder folder;
  fs::create_directories(folder.path() + "/logs");
  folder.have("logs/precious");
  Client client(folder.path(), LAB_PROGRAM);
  CHECK(client.down().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(fs::exists(folder.path() + "/logs/precious"));
  const auto up = client.up(quick());
  CHECK(up.code() == absl::StatusCode::kAlreadyExists);
  CHECK(has(std::string(up.message()), "choose an empty or a new directory"));
  CHECK_FALSE(has(std::string(up.message()), "lab down"));
}

TEST_CASE("a directory that one may not enter is named with the reason") {
  if (geteuid() != 0 || shell("setpriv --reuid 65534 --clear-groups test -x " LAB_PROGRAM).code) {
    WARN("SKIPPED: wants root, and a build directory that uid 65534 may enter");
    return;
  }
  const Folder folder;  // 0700
  folder.have("lab.json");
  for (const std::string below : {"", "/x"})
    for (const std::string verb : {"up", "down", "status", "kill cp-1", "exec cp-1 true"}) {
      const auto answer = shell("setpriv --reuid 65534 --clear-groups " + kLab + folder.path() +
                                below + " " + verb);
      INFO(verb << " " << below << ": " << answer.text);
      CHECK(answer.code == 1);
      CHECK(has(answer.text, "ermission denied"));
      CHECK(has(answer.text, folder.path()));
    }
}

TEST_CASE("what cannot be set up is wrong usage, and leaves nothing") {
  const Folder folder;
  const std::string dir = folder.path() + "/lab";
  for (const std::string wrong :
       {"--ttl abc", "--timing foo=1s", "--fip-on cp-9", "--latency-median 0s", "--ends-with 0x"}) {
    const auto answer = shell(kLab + dir + " up " + wrong);
    INFO(wrong << ": " << answer.text);
    CHECK(answer.code == 2);
    CHECK_FALSE(fs::exists(dir));
    if (fs::exists(dir)) shell(kLab + dir + " down");
  }
  CHECK(shell(kLab + dir + " status").code == 3);
  CHECK(shell(kLab + dir + " hetzner GET /state").code == 3);
}

TEST_CASE("a node that is off, or that etcd cannot spare, is left alone; what to do is said") {
  Lab lab(quick());
  const std::string shell_lab = kLab + lab.client.layout().dir + " ";
  const auto refused = [&](const std::string& verb, const std::string& next) {
    const auto answer = shell("timeout 5 " + shell_lab + verb);
    INFO(verb << ": " << answer.code << " " << answer.text);
    CHECK(answer.code == 1);
    CHECK(has(answer.text, next));
  };
  lab.must("kill", {{"node", "cp-1"}});
  for (const std::string verb :
       {"stop-apiserver", "kill-apiserver", "hang-apiserver", "start-apiserver", "cordon",
        "stop-vipd", "restart-vipd", "stop-etcd", "kill-etcd", "reboot", "wait-ready",
        "move-etcd-leader"})
    refused(verb + " cp-1", "cp-1 is off: `lab revive cp-1`");
  refused("freeze cp-1 etcd", "cp-1 is off: `lab revive cp-1`");
  refused("partition cp-1 from etcd", "cp-1 is off: `lab revive cp-1`");

  refused("recreate cp-2", "`lab revive cp-1`");
  CHECK(lab.node("cp-2")["power"] == "on");
  lab.must("delete", {{"node", "cp-1"}});
  refused("stop-apiserver cp-1", "cp-1 is deleted: `lab recreate cp-1`");
  refused("recreate cp-2", "`lab recreate cp-1`");
  CHECK(lab.node("cp-2")["power"] == "on");
  lab.must("freeze", {{"node", "cp-3"}, {"process", "etcd"}});
  refused("recreate cp-1", "`lab thaw cp-3 etcd`");
  lab.must("thaw", {{"node", "cp-3"}, {"process", "etcd"}});
  lab.must("partition", {{"node", "cp-3"}, {"from", "etcd"}});
  refused("recreate cp-1", "`lab heal cp-3`");
  lab.must("heal", {{"node", "cp-3"}});
  lab.must("delete", {{"node", "cp-2"}});
  refused("recreate cp-1", "`lab down`");  // etcd itself cannot come back
}

TEST_CASE("a probe that cannot begin leaves none behind; exec stays where its caller is") {
  Setup setup = quick();
  setup.nodes = 1;
  Lab lab(setup);
  const std::string& dir = lab.client.layout().dir;
  for (const std::string wrong : {"--every 1us", "--every 0s", "--for now", "--for 0s"}) {
    const auto answer = shell("timeout 3 " + kLab + dir + " probe " + wrong);
    INFO(wrong << ": " << answer.text);
    CHECK(answer.code == 2);
  }
  CHECK(shell(kLab + dir + " probe start").code == 0);
  CHECK(shell(kLab + dir + " probe stop").code == 0);
  CHECK(shell(kLab + dir + " recreate cp-1").code == 1);
  const Folder here;
  CHECK(shell("cd " + here.path() + " && " + kLab + dir + " exec outside pwd").text ==
        here.path() + "\n");
  CHECK(shell("cd /run && " + kLab + dir + " exec cp-1 pwd").text == "/run\n");
}

TEST_CASE("two of five nodes that were deleted are re-created one after the other") {
  Setup setup = quick();
  setup.nodes = 5;
  Lab lab(setup);
  for (const std::string name : {"cp-2", "cp-5"}) lab.must("delete", {{"node", name}});
  for (const std::string name : {"cp-2", "cp-5"}) lab.must("recreate", {{"node", name}});
  CHECK(lab.members().size() == 5);
}

}  // namespace
}  // namespace vipd::lab
