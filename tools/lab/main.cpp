// `lab`: a small cluster in namespaces on this machine. See README.md.

#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>

#include "tools/lab/commands.h"
#include "tools/lab/supervisor.h"

namespace {

namespace lab = vipd::lab;
using lab::Options;

struct NodeVerb {
  const char* name;
  const char* help;
};
constexpr NodeVerb kNodeVerbs[] = {
    {"kill", "power off: wires dark, processes killed"},
    {"revive", "power on again"},
    {"delete", "delete the server: processes, links and disk gone, etcd member still listed"},
    {"recreate", "same name, new server and addresses, empty disk, a learner; deleted first if on"},
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
  begin->add_option("--ends-with", options.setup.ends_with, "PID that the lab is not to outlive");
  actions.emplace_back(begin, [&] { return lab::up(options); });
  auto* end = app.add_subcommand("down", "end the lab and remove its directory");
  actions.emplace_back(end, [&] { return lab::down(options); });
  auto* status = app.add_subcommand("status", "nodes, processes, etcd, Hetzner");
  status->add_option("-o,--output", options.output)->check(CLI::IsMember({"text", "json"}));
  actions.emplace_back(status, [&] { return lab::show_status(options); });
  auto* supervise = app.add_subcommand("supervise")->group("");
  supervise->add_option("--setup", options.setup_json)->required();
  supervise->add_option("--report", options.report_fd)->required();
  supervise->add_option("--companion", options.companion_fd);
  actions.emplace_back(supervise, [&] {
    return lab::supervise(options.dir, options.setup_json,
                          {options.report_fd, options.companion_fd});
  });
}

void add_verbs(CLI::App& app, Options& options, Actions& actions) {
  for (const auto& verb : kNodeVerbs) {
    auto* command = app.add_subcommand(verb.name, verb.help);
    command->add_option("node", options.node)->required();
    actions.emplace_back(command, [&options, name = verb.name] {
      return lab::ask(options, name, {{"node", options.node}});
    });
  }
  for (const char* name : {"freeze", "thaw"}) {
    auto* command = app.add_subcommand(name, "SIGSTOP or SIGCONT for etcd, apiserver or vipd");
    command->add_option("node", options.node)->required();
    command->add_option("process", options.process)->required();
    actions.emplace_back(command, [&options, name] {
      return lab::ask(options, name, {{"node", options.node}, {"process", options.process}});
    });
  }
  auto* partition = app.add_subcommand("partition", "partition NODE from etcd|peers|hetzner");
  std::vector<CLI::Option*> words{partition->add_option("node", options.node),
                                  partition->add_option("word")->check(CLI::IsMember({"from"})),
                                  partition->add_option("what", options.from)};
  for (auto* word : words) word->required();
  actions.emplace_back(partition, [&] {
    return lab::ask(options, "partition", {{"node", options.node}, {"from", options.from}});
  });
  auto* heal = app.add_subcommand("heal", "end the partitions of NODE, or of all");
  heal->add_option("node", options.node);
  actions.emplace_back(heal, [&] { return lab::ask(options, "heal", {{"node", options.node}}); });
}

void add_tools(CLI::App& app, Options& options, Actions& actions) {
  auto* probing = app.add_subcommand("probe", "new connections to the Floating IP, from outside");
  probing->add_option("action", options.probe_action, "start, summary or stop")
      ->check(CLI::IsMember({"start", "summary", "stop"}));
  probing->add_option("--for", options.probe_for, "without an action: so long, then the summary");
  probing->add_option("--every", options.every, "interval of new connections");
  actions.emplace_back(probing, [&] { return lab::probe(options); });
  auto* hetzner = app.add_subcommand("hetzner", "hcloudsim's admin interface: METHOD PATH [JSON]");
  hetzner->add_option("method", options.method)->required();
  hetzner->add_option("path", options.target)->required();
  hetzner->add_option("body", options.body);
  actions.emplace_back(hetzner, [&] { return lab::hetzner(options); });
  auto* run = app.add_subcommand("exec", "run a program in a node's network, or `outside`");
  run->add_option("node", options.node)->required();
  run->add_option("command", options.command)->required();
  actions.emplace_back(run, [&] { return lab::execute(options); });
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
