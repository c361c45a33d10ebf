#include <sys/file.h>

#include "base/json.h"
#include "tests/shell/program.h"

namespace vipd::shell {
namespace {

constexpr auto kGood = R"(cluster: prod
addresses: [{id: 1234, address: 203.0.113.10}]
labels: {vipd: prod}
etcd: {endpoints: ["https://127.0.0.1:1"], ca: /nowhere/ca, cert: /nowhere/cert, key: /nowhere/key}
hcloud: {endpoint: "https://127.0.0.1:1/v1", tokenFile: /nowhere/token}
metadata: {endpoint: "http://127.0.0.1:1/hetzner/v1"}
apiserver: {port: 1, ca: /nowhere/ca, cert: /nowhere/cert, key: /nowhere/key}
listen: ""
)";

struct Rig {
  TempFolder folder;
  std::string config = folder / "vipd.yaml";
  std::string socket = folder / "vipd.sock";

  explicit Rig(const std::string& text = kGood) {
    std::ofstream(config) << text << "stateDir: " << folder.path() << "\n";
  }
  // Runs to its end.
  int run(const std::vector<std::string>& arguments, std::vector<std::string> environment = {}) {
    Program program(folder, arguments, std::move(environment));
    const int code = program.wait();
    out = program.out();
    err = program.err();
    return code;
  }
  [[nodiscard]] bool says(const std::string& text, const std::string& part) const {
    return text.find(part) != std::string::npos;
  }
  std::string out;
  std::string err;
};

bool comes(const std::function<bool()>& so) {
  boost::asio::io_context io;
  return run_until(io, so) || run_until(io, so);
}

TEST_CASE("vipd alone shows its commands; version and help are fine") {
  Rig rig;
  CHECK(rig.run({}) == 0);
  for (const auto* command : {"run", "status", "why", "handover", "pause", "resume", "lease",
                              "journal", "replay", "check-config", "version"}) {
    CHECK(rig.says(rig.out, command));
  }
  CHECK(rig.run({"--help"}) == 0);
  CHECK(rig.run({"version"}) == 0);
  const std::string version = rig.out;
  CHECK(version.rfind(std::string("vipd ") + VIPD_VERSION + " (commit ", 0) == 0);
  CHECK(rig.run({"--version"}) == 0);
  CHECK(rig.out == version);
}

TEST_CASE("wrong usage ends with 2 and says what was wrong") {
  Rig rig;
  CHECK(rig.run({"status", "--nonsense"}) == 2);
  CHECK(rig.says(rig.err, "--nonsense"));
  CHECK(rig.run({"nonsense"}) == 2);
  CHECK(rig.run({"status", "-o", "xml"}) == 2);
  CHECK(rig.run({"handover"}) == 2);
  CHECK(rig.says(rig.err, "--reason"));
  CHECK(rig.run({"handover", "--to", "a", "--off", "b", "--reason", "x"}) == 2);
  CHECK(rig.run({"handover", "--reason", "x", "--timeout", "soon"}) == 2);
  CHECK(rig.says(rig.err, "soon"));
  CHECK(rig.run({"why", "json", "-x", "now"}) == 2);
  CHECK(rig.says(rig.err, "not expected: json -x now\n"));
  CHECK(rig.run({"lease", "release", "--if-holder", ""}) == 2);
  CHECK(rig.says(rig.err, "vipd lease show"));
  CHECK(rig.run({"handover", "--to", "", "--reason", "x"}) == 2);
  CHECK(rig.says(rig.err, "name a node"));
  CHECK(rig.run({"handover", "--off", "", "--reason", "x"}) == 2);
  CHECK(rig.run({"handover", "--reason", " "}) == 2);
  CHECK(rig.says(rig.err, "say why"));
}

TEST_CASE("check-config finds nothing in a good file and everything in a bad one") {
  Rig good;
  CHECK(good.run({"check-config", "--config", good.config}) == 0);
  CHECK(good.out == "fine: cluster prod, group api, 1 address\n");
  CHECK(good.run({"check-config"}, {"VIPD_CONFIG=" + good.config, "VIPD_GROUP=Not Good"}) == 2);
  CHECK(good.says(good.err, "VIPD_GROUP"));

  Rig bad("clusterr: prod\nlabels: {a: b}\ntiming: {ttl: soon}\n");
  CHECK(bad.run({"check-config", "--config", bad.config}) == 2);
  CHECK(bad.says(bad.err, "vipd.yaml:1:1"));
  CHECK(bad.says(bad.err, "soon"));
  CHECK(good.run({"check-config", "--config", good.config, "--mode", "foo"}) == 2);
  Rig none("[not yaml");
  CHECK(none.run({"check-config", "--config", none.config}) == 2);
  CHECK(good.run({"check-config", "--config", good.folder / "missing"}) == 2);
  CHECK(good.says(good.err, "--config or VIPD_CONFIG"));
}

TEST_CASE("run with settings that cannot be ends with 2 [E19]", "[E19]") {
  Rig bad("cluster: prod\n");
  CHECK(bad.run({"run", "--config", bad.config}) == 2);
  CHECK(bad.says(bad.err, "addresses"));
}

TEST_CASE("status and handover where no vipd runs could not tell, and say what to do") {
  Rig rig;
  CHECK(rig.run({"status", "--socket", rig.socket}) == 3);
  CHECK(rig.says(rig.err, "is vipd running on this node?"));
  CHECK(rig.says(rig.err, rig.socket));
  CHECK(rig.run({"handover", "--reason", "test"}, {"VIPD_SOCKET=" + rig.socket}) == 3);
  CHECK(rig.says(rig.err, rig.socket));
}

TEST_CASE("a vipd that reaches nothing waits, shows what is missing and ends on SIGTERM [E19]",
          "[E19]") {
  Rig rig;
  Program daemon(rig.folder, {"run", "--config", rig.config});
  REQUIRE(comes([&] { return rig.run({"status", "--socket", rig.socket, "-o", "json"}) == 0; }));
  const auto status = base::parse_json(rig.out);
  REQUIRE(status.ok());
  CHECK((*status)["cluster"] == "prod");
  CHECK((*status)["ready"] == false);
  CHECK((*status)["holder"].is_null());
  CHECK(rig.run({"status", "--socket", rig.socket}) == 0);
  CHECK(rig.says(rig.out, "prod/api"));
  CHECK(comes([&] { return std::filesystem::exists(rig.folder / "status.json"); }));
  CHECK_FALSE(daemon.ended());
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == 0);
}

// The documents that `status --watch -o json` has printed so far, one a line.
std::vector<base::Json> documents(const Program& watcher) {
  std::vector<base::Json> found;
  std::istringstream text(watcher.out());
  for (std::string line; std::getline(text, line) && !text.eof();) {
    const auto document = base::parse_json(line);
    REQUIRE(document.ok());
    found.push_back(*document);
  }
  return found;
}

bool has_token(const base::Json& status) {
  for (const auto& one : status["gate"]) {
    if (one["condition"] == "token") return one["ok"].get<bool>();
  }
  return false;
}

TEST_CASE("status --watch shows every change as it comes, and ends with the vipd it watches") {
  Rig rig;
  std::string text = kGood;
  text.replace(text.find("/nowhere/token"), 14, rig.folder / "token");
  std::ofstream(rig.config) << text << "stateDir: " << rig.folder.path() << "\n";
  Program daemon(rig.folder, {"run", "--config", rig.config});
  REQUIRE(comes([&] { return rig.run({"status", "--socket", rig.socket}) == 0; }));
  Program json(rig.folder, {"status", "--watch", "-o", "json", "--socket", rig.socket});
  Program table(rig.folder, {"status", "--watch", "--socket", rig.socket});
  Program yaml(rig.folder, {"status", "--watch", "-o", "yaml", "--socket", rig.socket});
  REQUIRE(comes([&] { return !documents(json).empty(); }));
  CHECK_FALSE(has_token(documents(json).back()));

  std::ofstream(rig.folder / "token") << "0123456789abcdef0123456789abcdef\n";
  REQUIRE(comes([&] { return has_token(documents(json).back()); }));
  const auto seen = documents(json);
  REQUIRE(seen.size() >= 2);
  for (std::size_t i = 1; i < seen.size(); ++i) CHECK(seen[i]["change"] != seen[i - 1]["change"]);
  // To a file, no terminal's escapes; every table begins with the state, every document with ---.
  const auto often = [](const std::string& all, const std::string& part) {
    std::size_t count = 0;
    for (auto at = all.find(part); at != all.npos; at = all.find(part, at + 1)) ++count;
    return count;
  };
  CHECK(comes([&] { return often(table.out(), "state   ") >= 2; }));
  CHECK(comes([&] { return often(yaml.out(), "\nstate: ") >= 2; }));
  CHECK(yaml.out().find("---\n") == 0);
  CHECK(often(yaml.out(), "---\n") >= 2);
  CHECK(table.out().find('\x1b') == std::string::npos);
  CHECK_FALSE(json.ended());
  CHECK_FALSE(table.ended());

  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == 0);
  CHECK(json.wait() == 3);
  CHECK(rig.says(json.err(), rig.socket));
  CHECK(table.wait() == 3);
  CHECK(yaml.wait() == 3);
}

TEST_CASE("a running vipd explains itself and gives a journal that replays, with no secret in it") {
  Rig rig;
  std::ofstream(rig.folder / "token") << "s3cr3t-t0k3n-of-64-characters-0123456789abcdef\n";
  std::string text = kGood;
  text.replace(text.find("/nowhere/token"), 14, rig.folder / "token");
  std::ofstream(rig.config) << text << "stateDir: " << rig.folder.path() << "\n";
  Program daemon(rig.folder, {"run", "--config", rig.config});
  const std::vector<std::string> dump = {"journal", "dump", "--socket", rig.socket};
  REQUIRE(comes([&] { return rig.run(dump) == 0 && rig.says(rig.out, "\"TokenSeen\""); }));
  CHECK_FALSE(rig.says(rig.out, "s3cr3t"));
  std::ofstream(rig.folder / "dump") << rig.out;
  CHECK(rig.run({"replay", rig.folder / "dump"}) == 0);
  CHECK(rig.says(rig.out, "the same commands as recorded"));
  CHECK(rig.run({"why", "--socket", rig.socket}) == 0);
  CHECK(rig.says(rig.out, "IF THIS NODE DIED NOW"));
  CHECK(rig.run({"lease", "show", "--socket", rig.socket}) == 0);
  CHECK(rig.out == "nobody holds the leader key\n");
  for (const std::string format : {"json", "yaml"}) {
    CHECK(rig.run({"lease", "show", "-o", format, "--socket", rig.socket}) == 0);
    CHECK(rig.says(rig.out, format == "json" ? "\"holder\": null" : "holder: null\n"));
    CHECK(rig.run({"why", "-o", format, "--socket", rig.socket}) == 0);
    CHECK(rig.says(rig.out, format == "json" ? "\"ifThisNodeDied\": [" : "ifThisNodeDied:\n"));
    CHECK(rig.run({"status", "-o", format, "--socket", rig.socket}) == 0);
    CHECK(rig.says(rig.out, format == "json" ? "\"commit\": \"" : "commit: "));
  }
  CHECK(rig.run({"pause", "--for", "5m", "--reason", "x", "--socket", rig.socket}) == 1);
  CHECK(rig.says(rig.err, "refused: this vipd has no etcd lease"));
  CHECK(rig.run({"resume", "--socket", rig.socket}) == 1);
  CHECK(rig.run({"lease", "release", "--if-holder", "i", "--socket", rig.socket}) == 1);
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == 0);
}

TEST_CASE("a vipd that crashes leaves its journal") {
  const int number = GENERATE(SIGSEGV, SIGABRT);
  Rig rig;
  Program daemon(rig.folder, {"run", "--config", rig.config});
  REQUIRE(comes([&] { return rig.run({"why", "--socket", rig.socket}) == 0; }));
  daemon.signal(number);
  CHECK(daemon.wait() == 128 + number);
  CHECK(rig.says(daemon.err(), "vipd replay " + (rig.folder / "journal.crash")));
  CHECK(rig.run({"replay", rig.folder / "journal.crash"}) == 0);
  CHECK(rig.says(rig.out, "IdentityFailed"));
}

TEST_CASE("of a series of crashes the first and the newest journal stay, of others the newest") {
  Rig rig;
  const std::string newest = rig.folder / "journal.crash";
  const std::string first = newest + ".first";
  const auto instance = [&](const std::string& file) {
    std::ifstream journal(file);
    std::string head;
    std::getline(journal, head);
    return head;
  };
  const auto crash = [&] {
    Program daemon(rig.folder, {"run", "--config", rig.config});
    REQUIRE(comes([&] { return rig.run({"why", "--socket", rig.socket}) == 0; }));
    daemon.signal(SIGABRT);
    CHECK(daemon.wait() == 128 + SIGABRT);
    CHECK(rig.says(daemon.err(), first));
    return instance(newest);
  };
  const std::string one = crash();
  CHECK_FALSE(std::filesystem::exists(first));
  crash();
  const std::string three = crash();
  CHECK(instance(first) == one);
  CHECK(instance(newest) == three);
  CHECK(three != one);
  CHECK(rig.run({"replay", first}) == 0);

  const auto long_ago = std::filesystem::file_time_type::clock::now() - 25h;
  std::filesystem::last_write_time(newest, long_ago);
  const std::string later = crash();
  CHECK_FALSE(std::filesystem::exists(first));
  CHECK(instance(newest) == later);
}

TEST_CASE("a vipd that hangs is not waited for long, and its order may be taken yet") {
  Rig rig;
  Program daemon(rig.folder, {"run", "--config", rig.config});
  REQUIRE(comes([&] { return rig.run({"why", "--socket", rig.socket}) == 0; }));
  daemon.signal(SIGSTOP);
  const auto since = std::chrono::steady_clock::now();
  CHECK(rig.run({"pause", "--for", "7d", "--socket", rig.socket}) == 3);
  CHECK(std::chrono::steady_clock::now() - since < 12s);
  CHECK(rig.says(rig.err, "stopped or overloaded"));
  CHECK(rig.says(rig.err, "may have been taken"));
  CHECK(rig.says(rig.err, "vipd status"));
  daemon.signal(SIGCONT);
  CHECK(comes([&] { return rig.run({"why", "--socket", rig.socket}) == 0; }));
}

TEST_CASE("a journal that is not there, or is none, could not be told") {
  Rig rig;
  CHECK(rig.run({"replay", rig.folder / "missing"}) == 3);
  CHECK(rig.says(rig.err, rig.folder / "missing"));
  CHECK(rig.run({"replay", rig.config}) == 3);
  CHECK(rig.says(rig.err, "line 1 is no line of a journal"));
  CHECK(rig.run({"replay"}) == 2);
  CHECK(rig.run({"pause", "--for", "soon", "--reason", "x"}) == 2);
  CHECK(rig.run({"pause", "--for", "5m", "--reason", " "}) == 2);
  CHECK(rig.run({"pause", "--for", "5m", "--socket", rig.socket}) == 3);
  CHECK(rig.run({"lease"}) == 2);
}

TEST_CASE("a second vipd on the node waits and takes over when the first has ended") {
  Rig rig;
  Program first(rig.folder, {"run", "--config", rig.config});
  REQUIRE(comes([&] { return std::filesystem::exists(rig.socket); }));
  Program second(rig.folder, {"run", "--config", rig.config});
  const auto waits = "process " + std::to_string(first.pid()) + " holds";
  REQUIRE(comes([&] { return rig.says(second.err(), waits); }));
  first.signal(SIGKILL);
  first.wait();
  CHECK(comes([&] { return rig.says(second.err(), "lock taken"); }));
  CHECK(comes([&] { return rig.run({"status", "--socket", rig.socket}) == 0; }));
  second.signal(SIGTERM);
  CHECK(second.wait() == 0);
}

TEST_CASE("a vipd that waits for the lock ends on SIGTERM at once") {
  Rig rig;
  const int lock = ::open((rig.folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(::flock(lock, LOCK_EX) == 0);
  Program waiting(rig.folder, {"run", "--config", rig.config});
  CHECK(comes([&] { return rig.says(waiting.err(), "waiting to be the only vipd"); }));
  CHECK_FALSE(std::filesystem::exists(rig.socket));
  waiting.signal(SIGTERM);
  CHECK(waiting.wait() == 0);
  ::close(lock);
}

}  // namespace
}  // namespace vipd::shell
