// `lab`: a small cluster in namespaces on this machine. See README.md.
//
// Exit codes  0 done, 1 the lab refused or failed, 2 wrong usage, 3 no lab to ask;
//             `exec` gives the program's own.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "tools/lab/client.h"
#include "tools/lab/namespaces.h"
#include "tools/lab/status_text.h"
#include "tools/lab/supervisor.h"

namespace {

namespace lab = vipd::lab;
using vipd::base::Json;

struct NodeVerb {
  const char* name;
  const char* help;
};
constexpr NodeVerb kNodeVerbs[] = {
    {"kill", "power off: wires dark, processes killed"},
    {"revive", "power on again"},
    {"delete", "delete the server: processes, links and disk gone, etcd member still listed"},
    {"recreate", "same name, new server, new addresses, empty disk; joins etcd as a learner"},
    {"reboot", "orderly: vipd first, apiserver at most 20 s later, etcd, links, all again"},
    {"stop-apiserver", "SIGTERM, with its shutdown delay"},
    {"kill-apiserver", "SIGKILL"},
    {"hang-apiserver", "TCP accepted, nothing answered, not even TLS"},
    {"fail-apiserver", "/readyz answers 500"},
    {"slow-apiserver", "answers late"},
    {"start-apiserver", "start it, or end what hang-, fail-, slow-apiserver began"},
    {"cordon", "mark the Node unschedulable"},
    {"uncordon", "and schedulable again"},
    {"start-vipd", "start vipd"},
    {"stop-vipd", "SIGTERM"},
    {"kill-vipd", "SIGKILL"},
    {"restart-vipd", "SIGTERM, then start"},
    {"start-etcd", "start the etcd member"},
    {"stop-etcd", "SIGTERM"},
    {"kill-etcd", "SIGKILL"},
    {"move-etcd-leader", "make this member etcd's leader"},
    {"wait-ready", "until its apiserver is ready"},
};

int fail(const absl::Status& status) {
  fmt::print(stderr, "lab: {}\n", std::string(status.message()));
  if (status.code() == absl::StatusCode::kInvalidArgument) return 2;
  return status.code() == absl::StatusCode::kUnavailable ? 3 : 1;
}

int finish(const absl::Status& status) { return status.ok() ? 0 : fail(status); }

int print(const absl::StatusOr<Json>& result) {
  if (!result.ok()) return fail(result.status());
  fmt::print("{}\n", result->dump(2));
  return 0;
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

std::string default_dir() {
  const char* set = std::getenv("LAB_DIR");
  return set != nullptr ? set : fmt::format("/tmp/vipd-lab-{}", getuid());
}

absl::StatusOr<std::int64_t> millis(const std::string& text) {
  const auto parsed = vipd::base::parse_duration(text);
  if (!parsed.ok()) return parsed.status();
  return std::chrono::duration_cast<std::chrono::milliseconds>(*parsed).count();
}

struct Options {
  std::string dir = default_dir();
  lab::Setup setup;
  std::string latency_median = "1500ms";
  std::string latency_p99 = "10s";
  std::vector<std::string> timing;
  bool no_vipd = false;
  std::string node;
  std::string process;
  std::string from;
  std::string output = "text";
  std::string probe_action;
  std::string probe_for;
  std::string every = "10ms";
  std::string method;
  std::string target;
  std::string body;
  std::vector<std::string> command;
  std::string setup_json;
  int report_fd = -1;
};

absl::Status up(Options& options) {
  const auto median = millis(options.latency_median);
  const auto p99 = millis(options.latency_p99);
  if (!median.ok()) return median.status();
  if (!p99.ok()) return p99.status();
  options.setup.latency_median_ms = *median;
  options.setup.latency_p99_ms = *p99;
  options.setup.vipd = !options.no_vipd;
  for (const auto& setting : options.timing) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos)
      return absl::InvalidArgumentError("--timing wants NAME=DURATION, not " + setting);
    options.setup.timing[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  if (const char* real = std::getenv("KUBE_APISERVER")) options.setup.kube_apiserver = real;
  return lab::Client(options.dir, own_path()).up(options.setup);
}

int probe(const Options& options) {
  lab::Client client(options.dir, own_path());
  if (options.probe_action == "start")
    return finish(client.verb("probe-start", {{"every", options.every}}).status());
  if (!options.probe_action.empty())
    return print(client.verb("probe-" + options.probe_action, Json::object()));
  const auto span = millis(options.probe_for.empty() ? "10s" : options.probe_for);
  if (!span.ok()) return fail(span.status());
  if (auto begun = client.verb("probe-start", {{"every", options.every}}); !begun.ok())
    return fail(begun.status());
  boost::asio::io_context loop;
  boost::asio::steady_timer(loop, std::chrono::milliseconds(*span)).wait();
  return print(client.verb("probe-stop", Json::object()));
}

// Only the child of a process that joined a PID namespace is in it, hence the fork.
int execute(Options& options) {
  const auto supervisor = lab::Client(options.dir, own_path()).supervisor();
  if (!supervisor.ok()) return fail(supervisor.status());
  if (auto joined = lab::join(*supervisor, options.node); !joined.ok()) return fail(joined);
  std::vector<char*> argv;
  for (auto& word : options.command) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    execvp(argv[0], argv.data());
    fmt::print(stderr, "lab: cannot run {}: {}\n", argv[0], std::strerror(errno));
    _exit(127);
  }
  signal(SIGINT, SIG_IGN);  // the program's to handle
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) < 0)
    return fail(absl::ErrnoToStatus(errno, "cannot start a process in the lab"));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int show_status(const Options& options) {
  const auto status = lab::Client(options.dir, own_path()).status();
  if (options.output == "json" || !status.ok()) return print(status);
  fmt::print("{}", lab::status_text(*status));
  return 0;
}

// What a subcommand does is kept beside its definition; the first one named on the line runs.
using Actions = std::vector<std::pair<CLI::App*, std::function<int()>>>;

void add_life(CLI::App& app, Options& options, Actions& actions) {
  auto* begin = app.add_subcommand("up", "bring the lab up");
  begin->add_option("--nodes", options.setup.nodes, "1, 3 or 5");
  begin->add_option("--ttl", options.setup.ttl, "of vipd's lease");
  begin->add_flag("--v6", options.setup.v6, "a second Floating IP, IPv6");
  begin->add_option("--route", options.setup.route, "when it moves: before, with, after");
  begin->add_option("--latency-median", options.latency_median, "of an assign action");
  begin->add_option("--latency-p99", options.latency_p99, "of an assign action");
  begin->add_option("--seed", options.setup.seed, "of what Hetzner draws");
  begin->add_option("--fip-on", options.setup.fip_on, "node that has the address at first");
  begin->add_option("--timing", options.timing, "NAME=DURATION for vipd's settings");
  begin->add_flag("--no-vipd", options.no_vipd, "do not start vipd");
  actions.emplace_back(begin, [&] { return finish(up(options)); });
  auto* end = app.add_subcommand("down", "end the lab and remove its directory");
  actions.emplace_back(
      end, [&] { return finish(lab::Client(options.dir, own_path()).down()); });
  auto* status = app.add_subcommand("status", "nodes, processes, etcd, Hetzner");
  status->add_option("-o,--output", options.output)->check(CLI::IsMember({"text", "json"}));
  actions.emplace_back(status, [&] { return show_status(options); });
  auto* supervise = app.add_subcommand("supervise")->group("");
  supervise->add_option("--setup", options.setup_json)->required();
  supervise->add_option("--report", options.report_fd)->required();
  actions.emplace_back(supervise, [&] {
    return lab::supervise(options.dir, options.setup_json, options.report_fd);
  });
}

void add_verbs(CLI::App& app, Options& options, Actions& actions) {
  const auto ask = [&options](const std::string& verb, const Json& arguments) {
    return finish(lab::Client(options.dir, own_path()).verb(verb, arguments).status());
  };
  for (const auto& verb : kNodeVerbs) {
    auto* command = app.add_subcommand(verb.name, verb.help);
    command->add_option("node", options.node)->required();
    actions.emplace_back(command, [&options, ask, name = verb.name] {
      return ask(name, {{"node", options.node}});
    });
  }
  for (const char* name : {"freeze", "thaw"}) {
    auto* command = app.add_subcommand(name, "SIGSTOP or SIGCONT for etcd, apiserver or vipd");
    command->add_option("node", options.node)->required();
    command->add_option("process", options.process)->required();
    actions.emplace_back(command, [&options, ask, name] {
      return ask(name, {{"node", options.node}, {"process", options.process}});
    });
  }
  auto* partition = app.add_subcommand("partition", "partition NODE from etcd|peers|hetzner");
  std::vector<CLI::Option*> words{partition->add_option("node", options.node),
                                  partition->add_option("word")->check(CLI::IsMember({"from"})),
                                  partition->add_option("what", options.from)};
  for (auto* word : words) word->required();
  actions.emplace_back(partition, [&options, ask] {
    return ask("partition", {{"node", options.node}, {"from", options.from}});
  });
  auto* heal = app.add_subcommand("heal", "end the partitions of NODE, or of all");
  heal->add_option("node", options.node);
  actions.emplace_back(heal, [&options, ask] { return ask("heal", {{"node", options.node}}); });
}

void add_tools(CLI::App& app, Options& options, Actions& actions) {
  auto* probing = app.add_subcommand("probe", "new connections to the Floating IP, from outside");
  probing->add_option("action", options.probe_action, "start, summary or stop")
      ->check(CLI::IsMember({"start", "summary", "stop"}));
  probing->add_option("--for", options.probe_for, "without an action: so long, then the summary");
  probing->add_option("--every", options.every, "interval of new connections");
  actions.emplace_back(probing, [&] { return probe(options); });
  auto* hetzner = app.add_subcommand("hetzner", "hcloudsim's admin interface: METHOD PATH [JSON]");
  hetzner->add_option("method", options.method)->required();
  hetzner->add_option("path", options.target)->required();
  hetzner->add_option("body", options.body);
  actions.emplace_back(hetzner, [&] {
    const auto body = options.body.empty() ? absl::StatusOr<Json>(nullptr)
                                           : vipd::base::parse_json(options.body);
    if (!body.ok()) return fail(body.status());
    return print(
        lab::Client(options.dir, own_path()).hetzner(options.method, options.target, *body));
  });
  auto* run = app.add_subcommand("exec", "run a program in a node's network, or `outside`");
  run->add_option("node", options.node)->required();
  run->add_option("command", options.command)->required();
  actions.emplace_back(run, [&] { return execute(options); });
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  Actions actions;
  CLI::App app(
      "A control plane in network namespaces: etcd, apiservers, vipd, a simulated Hetzner");
  app.require_subcommand(1);
  app.add_option("--dir", options.dir, "where the lab lives (LAB_DIR)");
  app.fallthrough();
  add_life(app, options, actions);
  add_verbs(app, options, actions);
  add_tools(app, options, actions);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  signal(SIGPIPE, SIG_IGN);
  for (const auto& [command, act] : actions)
    if (command->parsed()) return act();
  return 2;
}
