#include "tests/lab/scenario.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>

#include "base/clock.h"
#include "base/file.h"
#include "tests/catch.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

namespace fs = std::filesystem;
constexpr Millis kLookEvery{100};

std::string make_dir() {
  std::string pattern = "/tmp/scene-XXXXXX";
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

std::string program(const std::string& name) {
  const char* bin = std::getenv("SCENARIO_BIN");
  const std::string lab = bin != nullptr ? std::string(bin) + "/lab" : LAB_PROGRAM;
  return lab.substr(0, lab.rfind('/') + 1) + name;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Setup quick() {
  Setup setup;
  setup.latency_median_ms = setup.latency_p99_ms = 300;
  return setup;
}

Millis long_or(Millis normal, Millis patient) {
  return std::getenv("SCENARIO_LONG") != nullptr ? patient : normal;
}

Scene::Scene(Setup setup)
    : client_(make_dir(), program("lab")),
      witness_(layout().dir + "/logs",
               [this](const auto& node, const auto& argv) { run(node, argv); }) {
  setup.ends_with = getpid();
  for (int i = 1; i <= setup.nodes; ++i) nodes_.push_back(fmt::format("cp-{}", i));
  const auto up = client_.up(std::move(setup));
  if (!up.ok()) [[maybe_unused]] const auto ended = client_.down();
  INFO(up.message());
  REQUIRE(up.ok());
  for (const auto& name : nodes_) witness_.watch(name, etcdctl_words(name));
}

Scene::~Scene() {
  const bool well = std::uncaught_exceptions() == 0 && in_order();
  const char* keep = std::getenv("SCENARIO_LOGS");
  if (keep != nullptr && !well) {
    std::error_code error;
    fs::create_directories(keep, error);
    fs::copy(layout().dir + "/logs", keep + ("/" + fs::path(layout().dir).filename().string()),
             fs::copy_options::recursive, error);
  }
  CHECK(client_.down().ok());
}

void Scene::act(const std::string& verb, const std::string& node, base::Json more) {
  more["node"] = node;
  const auto done = client_.verb(verb, more);
  INFO(verb << " " << node << ": " << done.status().message());
  REQUIRE(done.ok());
  if (verb == "recreate") witness_.watch(node, etcdctl_words(node));  // a network of its own
}

void Scene::lead_etcd(const std::string& node) {
  // etcd refuses it while another election is under way.
  until(node + " leads etcd", Millis(60000), [&] {
    return lab_status()["etcd"]["leader"] == node ||
           (client_.verb("move-etcd-leader", {{"node", node}}).ok() && false);
  });
}

base::Json Scene::hetzner(const std::string& method, const std::string& target,
                          const base::Json& body) {
  auto answer = client_.hetzner(method, target, body);
  INFO(method << " " << target << ": " << answer.status().message());
  REQUIRE(answer.ok());
  return *answer;
}

absl::Status Scene::ask_handover(const std::string& at, const std::string& to) {
  const std::string socket = layout().disk(at) + "/vipd/vipd.sock";
  return call("POST", fmt::format("unix:{}:/handover", socket),
              {{"to", to}, {"off", ""}, {"by", "scenario"}, {"reason", "test"}}, Millis(35000))
      .status();
}

Executed Scene::run(const std::string& node, const std::vector<std::string>& argv) {
  auto executed = client_.execute(node, argv);
  INFO(executed.status().message());
  REQUIRE(executed.ok());
  return *executed;
}

Executed Scene::vipd(const std::string& node, const std::string& words) {
  return run(node, {"sh", "-c",
                    fmt::format("VIPD_SOCKET={} {} {}", layout().vipd_socket(node),
                                program("vipd"), words)});
}

std::vector<std::string> Scene::etcdctl_words(const std::string& node) const {
  const auto file = [&](const char* name) { return layout().kube(node, name); };
  return {"env",
          "ETCDCTL_API=3",
          "etcdctl",
          "--endpoints=https://127.0.0.1:2379",
          "--cacert=" + file("etcd-client-ca.crt"),
          "--cert=" + file("etcd-client.crt"),
          "--key=" + file("etcd-client.key")};
}

Executed Scene::etcdctl(const std::string& node, const std::vector<std::string>& argv) {
  std::vector<std::string> words = {"timeout", "20"};
  for (const auto& word : etcdctl_words(node)) words.push_back(word);
  words.insert(words.end(), argv.begin(), argv.end());
  return run(node, words);
}

void Scene::write_token(const std::string& node, const std::string& text) {
  const auto written = base::write_file_atomically(layout().node(node) + "/hcloud-token", text);
  INFO(written.message());
  REQUIRE(written.ok());
}

base::Json Scene::lab_status() {
  auto status = client_.status();
  INFO(status.status().message());
  REQUIRE(status.ok());
  return *status;
}

base::Json Scene::node(const std::string& name) {
  const auto seen = lab_status();
  for (const auto& node : seen["nodes"])
    if (node["name"] == name) return node;
  FAIL("no node " << name);
  return {};
}

std::vector<std::string> Scene::running() {
  std::vector<std::string> names;
  for (int i = 1; i <= kMostNodes; ++i)
    if (const auto name = fmt::format("cp-{}", i); status_of(name).is_object())
      names.push_back(name);
  return names;
}

std::vector<std::string> Scene::standbys() {
  std::vector<std::string> names;
  for (const auto& name : running())
    if (state_of(name) == "standby") names.push_back(name);
  return names;
}

base::Json Scene::status_of(const std::string& name) {
  const std::string socket = layout().disk(name) + "/vipd/vipd.sock";
  if (!fs::exists(socket)) return nullptr;
  const auto status = call("GET", fmt::format("unix:{}:/status", socket), nullptr, Millis(3000));
  return status.ok() ? *status : base::Json(nullptr);
}

std::string Scene::state_of(const std::string& name) {
  return base::json_text(status_of(name), "state").value_or("");
}

bool Scene::problem_of(const std::string& name, const std::string& part) {
  const auto status = status_of(name);
  if (!status.is_object()) return false;
  const auto said = [&](const base::Json& text) {
    return text.is_string() && text.get<std::string>().find(part) != std::string::npos;
  };
  bool found = said(status["next"]);
  for (const auto& problem : status["problems"]) found = found || said(problem);
  for (const auto& condition : status["gate"])
    found = found || (condition["ok"] == false && said(condition["evidence"]));
  return found;
}

std::string Scene::holder() {
  std::vector<std::string> holders;
  for (const auto& name : running())
    if (state_of(name) == "holder") holders.push_back(name);
  return holders.size() == 1 ? holders[0] : "";
}

std::string Scene::disagreement(const std::vector<std::string>& off) {
  const std::string holder = this->holder();
  if (holder.empty()) return "not one node says that it holds";
  const auto truth = status_of(holder);
  if (!truth.is_object()) return "the holder does not answer";
  for (const auto& name : running()) {
    if (contains(off, name)) continue;
    const auto status = status_of(name);
    if (!status.is_object()) return name + " does not answer";
    if (name != holder && status["state"] != "standby")
      return fmt::format("{} is {}", name, status["state"].dump());
    if (status["epoch"] != truth["epoch"]) return name + " has another epoch";
    if (status["holder"]["server"] != truth["server"]) return name + " sees another holder";
    for (const auto& fip : status["fips"]) {
      const bool right = fip["server"] == truth["server"] && fip["verified"] == true &&
                         fip["epoch"] == truth["epoch"];
      if (!right) return fmt::format("{} says of the address: {}", name, fip.dump());
    }
  }
  const auto hetzner = this->hetzner("GET", "/state");
  for (const auto& fip : hetzner["floating_ips"])
    if (fip["server"] != truth["server"] || fip["routed_to"] != truth["server"])
      return "Hetzner has it elsewhere: " + fip["server"].dump();
  return "";
}

std::string Scene::who_answers() {
  const auto answer = run("outside", {"curl", "-sS", "--max-time", "2", "-D", "-", "--cacert",
                                      layout().pki("kube-ca.crt"), "--cert",
                                      layout().pki("admin.crt"), "--key",
                                      layout().pki("admin.key"),
                                      fmt::format("https://{}:6443/readyz", kFipV4)});
  const std::string header = "X-Apisim-Node: ";
  const auto at = answer.output.find(header);
  return at == std::string::npos ? answer.output : answer.output.substr(at + header.size(), 4);
}

std::int64_t Scene::audit_seq() {
  const auto lines = audit_since(0);
  return lines.empty() ? 0 : lines.back()["seq"].get<std::int64_t>();
}

base::Json Scene::audit_since(std::int64_t seq) {
  return hetzner("GET", fmt::format("/audit?since={}", seq));
}

std::vector<Assign> Scene::moves_since(std::int64_t seq) {
  std::map<std::int64_t, base::Json> from;  // by action, where the Floating IP was before
  std::vector<Assign> moves;
  for (const auto& line : audit_since(0)) {
    if (line["event"] == "assign_accepted") from[line["action"]] = line["from"];
    if (line["event"] != "assign_applied" || line["seq"] <= seq) continue;
    const auto& before = from[line["action"]];
    if (before == line["server"]) continue;
    moves.push_back({line["fip"],
                     before.is_null() ? std::nullopt
                                      : std::optional<std::int64_t>(before.get<std::int64_t>()),
                     line["server"], line["boot_ns"]});
  }
  return moves;
}

std::int64_t Scene::now_ns() const {
  return base::SystemClock().now().time_since_epoch().count();
}

std::string Scene::picture() {
  std::string text;
  for (const auto& name : running()) {
    const auto status = status_of(name);
    if (!status.is_object()) continue;
    text += fmt::format("\n{}: {} epoch {} holder {}: {} fips {}", name, status["state"].dump(),
                        status["epoch"].dump(), status["holder"].dump(), status["next"].dump(),
                        status["fips"].dump());
    text += "\n  problems " + status["problems"].dump();
    for (const auto& condition : status["gate"])
      if (condition["ok"] == false) text += "\n  " + condition.dump();
  }
  auto audit = audit_since(0);
  for (std::size_t i = audit.size() > 25 ? audit.size() - 25 : 0; i < audit.size(); ++i)
    text += "\n  " + audit[i].dump();
  return text;
}

void Scene::etcd_is_replaced() {
  witness_.start_over();
  for (const auto& name : nodes_) witness_.watch(name, etcdctl_words(name));
}

// The watches may be a little behind. The destructor asks: nothing is thrown.
bool Scene::in_order() {
  const auto judged = until_ok("every assign followed its intent", kLookEvery, Millis(5000), [&] {
    const auto audit = client_.hetzner("GET", "/audit?since=0");
    if (!audit.ok()) return audit.status();
    const auto history = witness_.history();
    if (history.empty()) return absl::UnavailableError("no watch told anything of etcd");
    const auto wrong = unguarded_assigns(*audit, history);
    return wrong.empty() ? absl::OkStatus()
                         : absl::FailedPreconditionError(fmt::format("{}", fmt::join(wrong, "\n")));
  });
  INFO(judged.message());
  CHECK(judged.ok());
  return judged.ok();
}

void Scene::until(const std::string& what, Millis at_most,
                  const std::function<bool()>& reached) {
  const auto done = until_ok(what, kLookEvery, at_most, [&] {
    return reached() ? absl::OkStatus() : absl::UnavailableError("not yet");
  });
  if (!done.ok()) FAIL(done.message() << picture());
  SUCCEED(what);
}

void Scene::during(const std::string& what, Millis time, const std::function<bool()>& holds) {
  const base::SystemClock clock;
  const auto end = clock.now() + time;
  const auto pace = std::clamp(time / 10, Millis(10), 2 * kLookEvery);
  const auto over = until_ok(what, pace, time + Millis(10000), [&] {
    if (!holds()) FAIL("no longer: " << what << picture());
    return clock.now() >= end ? absl::OkStatus() : absl::UnavailableError("looking on");
  });
  REQUIRE(over.ok());
}

void Scene::until_settled(const std::string& when, Millis at_most,
                          const std::vector<std::string>& off) {
  std::string why;
  const auto done = until_ok("all agree " + when, kLookEvery, at_most, [&] {
    why = disagreement(off);
    return why.empty() ? absl::OkStatus() : absl::UnavailableError(why);
  });
  if (!done.ok()) FAIL(done.message() << picture());
  const std::string holder = this->holder();
  until("the outside is served by the holder " + when, Millis(10000),
        [&] { return who_answers() == holder; });
}

void Scene::nothing_moves(std::int64_t since, Millis time, const std::string& while_what) {
  during("nothing moves " + while_what, time, [&] { return moves_since(since).empty(); });
}

}  // namespace vipd::lab
