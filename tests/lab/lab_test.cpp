// The lab itself, with real namespaces, packets and etcd.
//
// Each case brings up a lab of its own in a fresh directory and takes it down again.
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "base/file.h"
#include "tests/lab/bare_lab.h"

namespace vipd::lab {
namespace {

namespace fs = std::filesystem;

// What a lab could leave behind on this machine, but for its directory.
struct Host {
  std::string links = output_of("ip -o link; ip -o addr; ip route; ip -6 route; ip netns list");
  std::string mounts = output_of("cat /proc/self/mountinfo");
  friend bool operator==(const Host&, const Host&) = default;
};

// Every process in the PID namespace of `pid`, by their pids out here.
std::vector<pid_t> processes_with(pid_t pid) {
  const auto space = [](const std::string& process) {
    std::error_code error;
    return fs::read_symlink("/proc/" + process + "/ns/pid", error).string();
  };
  const std::string wanted = space(std::to_string(pid));
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (std::isdigit(static_cast<unsigned char>(name[0])) != 0 && !wanted.empty() &&
        space(name) == wanted)
      found.push_back(std::stoi(name));
  }
  return found;
}

// Waits for the kernel to have ended all of them.
bool all_end(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) continue;
    pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
    const bool gone = poll(&ended, 1, 10000) > 0;
    close(fd);
    if (!gone) return false;
  }
  return true;
}

TEST_CASE("a lab is three nodes at a Hetzner of their own, and leaves nothing behind") {
  const Host before;
  std::vector<pid_t> processes;
  std::string dir;
  {
    Lab lab(quick());
    dir = lab.client.layout().dir;
    processes = processes_with(*lab.client.supervisor());
    CHECK(processes.size() >= 8);  // supervisor, hcloudsim, 3 x (etcd, apisim)
    CHECK(Host() == before);

    const auto status = lab.status();
    CHECK(status["nodes"].size() == 3);
    CHECK(status["etcd"]["leader"].is_string());
    for (const auto& node : status["nodes"]) {
      const std::string name = node["name"];
      CHECK(node["apiserver"]["ready"] == true);
      const std::string id =
          lab.run(name, {"curl", "-sS", "http://169.254.169.254/hetzner/v1/metadata/instance-id"});
      CHECK(std::stoll(id) == node["server"].get<std::int64_t>());
      CHECK(lab.run(name, {"cat", "/proc/sys/net/ipv4/conf/all/rp_filter"}) == "1\n");
    }
    // Nodes reach each other on the private network, and have the addresses that Hetzner gives.
    CHECK(lab.run("cp-1", {"ip", "-br", "-4", "addr", "show", "eth0"}).find("198.18.1.11/32") !=
          std::string::npos);
    lab.run("cp-1", {"curl", "-sSk", "--max-time", "2", "https://10.0.1.13:6443/livez"});
    lab.run("cp-2", {"curl", "-sSk", "--max-time", "2", "https://[2001:db8:a:13::1]:6443/livez"});
  }
  CHECK(all_end(processes));
  CHECK_FALSE(fs::exists(dir));
  CHECK(Host() == before);
}

TEST_CASE("packets to the Floating IP reach the node that Hetzner names") {
  Lab lab(quick());
  lab.have_fip("cp-1");
  lab.have_fip("cp-2");
  CHECK(lab.who_answers().find("cp-") != 0);  // assigned to nobody: nobody answers
  for (const std::string name : {"cp-1", "cp-2"}) {
    lab.assign(lab.node(name)["server"]);
    lab.wait_for("answers from " + name, [&] { return lab.who_answers() == name; });
  }
  // From a standby the address is local: asking it there proves nothing about the holder.
  CHECK(lab.who_answers("cp-1") == "cp-1");
  CHECK(lab.who_answers("cp-3") == "cp-2");

  lab.must("probe-start", {{"every", "20ms"}});
  lab.assign(lab.node("cp-1")["server"]);
  lab.wait_for("the route moves", [&] {
    return lab.ask("probe-summary", base::Json::object())->at("v4")["moves"] == 1;
  });
  const auto summary = *lab.ask("probe-stop", base::Json::object());
  CHECK(summary["v4"]["answered_by"].contains("cp-1"));
  CHECK(summary["v4"]["answered_by"].contains("cp-2"));
  // Both had the address (make before break): slow perhaps, but nobody was turned away.
  CHECK_FALSE(summary["v4"]["outcomes"].contains("refused"));
  CHECK_FALSE(summary["v4"]["outcomes"].contains("unreachable"));
}

TEST_CASE("a node that loses power is dark, and comes back as it was") {
  Lab lab(quick());
  lab.have_fip("cp-3");
  const auto before = lab.node("cp-3");
  lab.must("kill", {{"node", "cp-3"}});
  CHECK(lab.node("cp-3")["power"] == "off");
  CHECK(lab.node("cp-3")["processes"].empty());
  CHECK_FALSE(
      lab.client
          .execute("cp-1", {"curl", "-sSk", "--max-time", "1", "https://10.0.1.13:6443/livez"})
          ->exit_code == 0);
  CHECK(lab.members() == std::vector<std::string>{"cp-1", "cp-2", "cp-3"});
  lab.must("revive", {{"node", "cp-3"}});
  lab.must("wait-ready", {{"node", "cp-3"}});
  CHECK(lab.node("cp-3")["server"] == before["server"]);
  // Addresses that nobody configures at boot are gone.
  CHECK(lab.run("cp-3", {"ip", "-4", "addr", "show", "lo"}).find(kFipV4) == std::string::npos);
  CHECK_FALSE(lab.ask("revive", {{"node", "cp-3"}}).ok());
}

TEST_CASE("a deleted node is gone but for its etcd member; re-created it is another server") {
  Lab lab(quick());
  lab.have_fip("cp-1");
  const auto before = lab.node("cp-1");
  lab.assign(before["server"]);
  lab.wait_for("cp-1 answers", [&] { return lab.who_answers() == "cp-1"; });
  lab.must("delete", {{"node", "cp-1"}});
  const auto hetzner = lab.status()["hetzner"];
  CHECK(hetzner["servers"].size() == 2);
  CHECK(hetzner["floating_ips"][0]["server"].is_null());
  CHECK_FALSE(fs::exists(lab.client.layout().node("cp-1")));
  CHECK(lab.members() == std::vector<std::string>{"cp-1", "cp-2", "cp-3"});
  CHECK_FALSE(lab.client.execute("cp-1", {"true"})->exit_code == 0);

  lab.must("recreate", {{"node", "cp-1"}});
  lab.must("wait-ready", {{"node", "cp-1"}});
  const auto after = lab.node("cp-1");
  CHECK(after["server"] != before["server"]);
  CHECK(after["private_v4"] == "10.0.1.21");
  const auto etcd = lab.status()["etcd"];
  CHECK(etcd["members"].size() == 3);
  for (const auto& member : etcd["members"]) {
    CHECK(member["learner"] == false);
    CHECK(member["peer_urls"][0] != "https://10.0.1.11:2380");
  }
  const std::string id =
      lab.run("cp-1", {"curl", "-sS", "http://169.254.169.254/hetzner/v1/metadata/instance-id"});
  CHECK(std::stoll(id) == after["server"].get<std::int64_t>());
}

TEST_CASE("a node is cut off from etcd, peers or Hetzner, and healed") {
  Lab lab(quick());
  const auto reaches = [&](const std::string& url) {
    return lab.client.execute("cp-2", {"curl", "-sSk", "--max-time", "1", "-o", "/dev/null", url})
               ->exit_code == 0;
  };
  const std::string peer = "https://10.0.1.11:6443/livez";
  const std::string metadata = "http://169.254.169.254/hetzner/v1/metadata/instance-id";
  const std::string hetzner = fmt::format("https://{}/v1/floating_ips", kHetznerAddress);

  lab.must("partition", {{"node", "cp-2"}, {"from", "hetzner"}});
  CHECK_FALSE(reaches(metadata));
  CHECK_FALSE(reaches(hetzner));
  CHECK(reaches(peer));
  lab.must("heal", {{"node", "cp-2"}});
  CHECK(reaches(metadata));

  lab.must("partition", {{"node", "cp-2"}, {"from", "peers"}});
  CHECK_FALSE(reaches(peer));
  CHECK(reaches(hetzner));
  lab.must("heal", base::Json::object());
  CHECK(reaches(peer));

  lab.must("partition", {{"node", "cp-2"}, {"from", "etcd"}});
  CHECK(reaches(peer));
  lab.wait_for("its apiserver finds etcd without a leader",
               [&] { return lab.node("cp-2")["apiserver"]["ready"] == false; });
  CHECK(lab.node("cp-2")["cuts"] == base::Json{"etcd"});
  lab.must("heal", base::Json::object());
  lab.must("wait-ready", {{"node", "cp-2"}});
  CHECK_FALSE(lab.ask("partition", {{"node", "cp-2"}, {"from", "everything"}}).ok());
}

TEST_CASE("processes are stopped, frozen, hung and started again one by one") {
  Lab lab(quick());
  const auto ready = [&] {
    const auto node = lab.node("cp-1");
    return node["apiserver"].is_object() && node["apiserver"]["ready"] == true;
  };
  lab.must("hang-apiserver", {{"node", "cp-1"}});
  CHECK_FALSE(ready());
  lab.must("start-apiserver", {{"node", "cp-1"}});
  CHECK(ready());
  lab.must("kill-apiserver", {{"node", "cp-1"}});
  CHECK(lab.node("cp-1")["processes"]["apiserver"]["running"] == false);
  lab.must("start-apiserver", {{"node", "cp-1"}});
  lab.must("wait-ready", {{"node", "cp-1"}});
  lab.must("freeze", {{"node", "cp-1"}, {"process", "etcd"}});
  CHECK(lab.node("cp-1")["processes"]["etcd"]["frozen"] == true);
  lab.wait_for("not ready without etcd", [&] { return !ready(); });
  lab.must("thaw", {{"node", "cp-1"}, {"process", "etcd"}});
  lab.must("wait-ready", {{"node", "cp-1"}});
  lab.must("move-etcd-leader", {{"node", "cp-3"}});
  lab.wait_for("cp-3 leads etcd", [&] { return lab.status()["etcd"]["leader"] == "cp-3"; });
  CHECK_FALSE(lab.ask("freeze", {{"node", "cp-1"}, {"process", "bash"}}).ok());
  CHECK_FALSE(lab.ask("kill", {{"node", "cp-9"}}).ok());
}

// The process of a node, by its pid out here; its command line names the node's folder.
pid_t process_of(Lab& lab, const std::string& program, const std::string& node) {
  for (const pid_t pid : processes_with(*lab.client.supervisor())) {
    const auto words = base::read_file(fmt::format("/proc/{}/cmdline", pid)).value_or("");
    if (words.substr(0, words.find('\0')).ends_with(program) &&
        words.find("/nodes/" + node + "/") != std::string::npos)
      return pid;
  }
  FAIL("no " << program << " of " << node);
  return -1;
}

// Their names, in the order in which they end while `work` runs.
std::vector<std::string> ends_during(const std::map<std::string, pid_t>& pids,
                                     const std::function<void()>& work) {
  std::map<int, std::string> running;
  for (const auto& [name, pid] : pids)
    running[static_cast<int>(syscall(SYS_pidfd_open, pid, 0))] = name;
  std::vector<std::string> ended;
  std::thread looking([&] {
    for (bool any = true; any && !running.empty();) {
      std::vector<pollfd> fds;
      for (const auto& [fd, name] : running) fds.push_back({fd, POLLIN, 0});
      any = poll(fds.data(), fds.size(), 30000) > 0;
      for (const auto& each : fds) {
        if (each.revents == 0) continue;
        ended.push_back(running[each.fd]);
        running.erase(each.fd);
        close(each.fd);
      }
    }
  });
  work();
  looking.join();
  return ended;
}

TEST_CASE("a reboot stops vipd, then the apiserver, then etcd, and starts everything again") {
  Setup setup = quick();
  setup.vipd = true;
  Lab lab(setup);
  lab.must("cordon", {{"node", "cp-2"}});
  CHECK(lab.node("cp-2")["apiserver"]["cordoned"] == true);
  const auto before = lab.node("cp-2");
  std::map<std::string, pid_t> pids;
  for (const std::string program : {"vipd", "apisim", "etcd"})
    pids[program] = process_of(lab, program, "cp-2");
  absl::Status rebooted;
  const auto order = ends_during(pids, [&] {
    rebooted = lab.ask("reboot", {{"node", "cp-2"}}).status();
  });
  INFO(rebooted.message());
  CHECK(rebooted.ok());
  CHECK(order == std::vector<std::string>{"vipd", "apisim", "etcd"});
  lab.must("wait-ready", {{"node", "cp-2"}});
  const auto after = lab.node("cp-2");
  CHECK(after["server"] == before["server"]);
  CHECK(after["processes"]["etcd"]["pid"] != before["processes"]["etcd"]["pid"]);
  CHECK(after["processes"]["vipd"]["running"] == true);
  CHECK(after["apiserver"]["cordoned"] == false);
  lab.wait_for("three etcd members", [&] { return lab.members().size() == 3; });
}

TEST_CASE("a supervisor that is killed takes everything with it") {
  const Host before;
  Lab lab(quick());
  const pid_t supervisor = *lab.client.supervisor();
  const auto processes = processes_with(supervisor);
  CHECK(processes.size() >= 8);
  REQUIRE(kill(supervisor, SIGKILL) == 0);
  CHECK(all_end(processes));
  CHECK(Host() == before);
  CHECK_FALSE(lab.client.status().ok());
  CHECK(lab.client.status().status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("a lab does not outlive the process that it is tied to, however that ends") {
  const pid_t companion = fork();
  if (companion == 0) {
    ::pause();
    _exit(0);
  }
  Client client("/tmp/lab-tied-" + std::to_string(getpid()), LAB_PROGRAM);
  Setup setup = quick();
  setup.nodes = 1;
  setup.ends_with = companion;
  const auto up = client.up(setup);
  INFO(up.message());
  const auto supervisor = client.supervisor();
  kill(companion, SIGKILL);
  waitpid(companion, nullptr, 0);
  REQUIRE(up.ok());
  CHECK(all_end({*supervisor}));
  CHECK_FALSE(client.supervisor().ok());
  CHECK(client.down().ok());
  SECTION("one that runs no more is refused") {
    CHECK(client.up(setup).code() == absl::StatusCode::kInvalidArgument);
    CHECK(client.down().ok());
  }
}

TEST_CASE("a second lab in the same directory, or one with too long a path, is refused") {
  Lab lab([] {
    Setup setup = quick();
    setup.nodes = 1;
    return setup;
  }());
  Client second(lab.client.layout().dir, LAB_PROGRAM);
  CHECK(second.up(quick()).code() == absl::StatusCode::kAlreadyExists);
  Client deep("/tmp/" + std::string(100, 'x'), LAB_PROGRAM);
  CHECK(deep.up(quick()).code() == absl::StatusCode::kInvalidArgument);
  CHECK(lab.node("cp-1")["apiserver"]["ready"] == true);
}

TEST_CASE("a lab that cannot come up says why, and can be taken down") {
  const std::string dir = "/tmp/lab-no-programs-" + std::to_string(getpid());
  Client client(dir, LAB_PROGRAM);
  Setup setup = quick();
  setup.bin = "/nonexistent";
  const auto up = client.up(setup);
  REQUIRE_FALSE(up.ok());
  CHECK(std::string(up.message()).find("hcloudsim.log") != std::string::npos);
  CHECK(base::read_file(client.layout().log("hcloudsim"))->find("cannot be run") !=
        std::string::npos);
  CHECK_FALSE(client.supervisor().ok());
  CHECK(client.down().ok());
  CHECK_FALSE(fs::exists(dir));
}

TEST_CASE("without root a lab comes up in a user namespace and leaves nothing behind") {
  const Host before;
  std::string dir = "/tmp/lab-XXXXXX";
  REQUIRE(mkdtemp(dir.data()) != nullptr);
  std::string as;  // already without root: as we are
  if (geteuid() == 0) {
    as = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
    REQUIRE(chown(dir.c_str(), 65534, 65534) == 0);
    if (std::system((as + "test -x " LAB_PROGRAM).c_str()) != 0) {
      WARN("SKIPPED: uid 65534 may not enter the build directory; build in a readable one");
      fs::remove_all(dir);
      return;
    }
  }
  if (std::system((as + "unshare --user true 2>/dev/null").c_str()) != 0) {
    WARN("SKIPPED: no user namespaces here (a chroot, a container, sysctl or AppArmor)");
    fs::remove_all(dir);
    return;
  }
  const std::string lab = as + LAB_PROGRAM " --dir " + dir + " ";
  const std::string quick = " --latency-median 200ms --latency-p99 200ms";
  const std::string up = output_of(lab + "up" + quick + " 2>&1");
  INFO(up);
  const Client client(dir, LAB_PROGRAM);
  REQUIRE(client.supervisor().ok());
  const auto processes = processes_with(*client.supervisor());
  CHECK(processes.size() >= 8);
  struct stat who {};
  REQUIRE(stat(fmt::format("/proc/{}", *client.supervisor()).c_str(), &who) == 0);
  CHECK(who.st_uid != 0);
  CHECK(output_of(lab + "status").find("cp-3   on") != std::string::npos);
  CHECK(output_of(lab + "exec cp-2 -- curl -sS "
                        "http://169.254.169.254/hetzner/v1/metadata/hostname") == "cp-2");
  CHECK(std::system((lab + "kill cp-2").c_str()) == 0);
  CHECK(std::system((lab + "delete cp-3 2>/dev/null").c_str()) == 0);
  CHECK(std::system((lab + "down").c_str()) == 0);
  CHECK(all_end(processes));
  CHECK_FALSE(fs::exists(dir));
  CHECK(Host() == before);
}

}  // namespace
}  // namespace vipd::lab
