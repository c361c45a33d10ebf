#include "tools/lab/commands.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/duration.h"
#include "tools/lab/namespaces.h"
#include "tools/lab/status_text.h"

namespace vipd::lab {
namespace {

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

absl::StatusOr<std::int64_t> millis(const std::string& text) {
  const auto parsed = base::parse_duration(text);
  if (!parsed.ok()) return parsed.status();
  return std::chrono::duration_cast<std::chrono::milliseconds>(*parsed).count();
}

Client client(const Options& options) { return {options.dir, own_path()}; }

// Unavailable may also be said of something in the lab; 3 is for when there is none to ask.
int fail(const Options& options, const absl::Status& status) {
  fmt::print(stderr, "lab: {}\n", std::string(status.message()));
  if (absl::IsInvalidArgument(status)) return 2;
  return absl::IsUnavailable(status) && absl::IsUnavailable(client(options).supervisor().status())
             ? 3
             : 1;
}

int finish(const Options& options, const absl::Status& status) {
  return status.ok() ? 0 : fail(options, status);
}

int print(const Options& options, const absl::StatusOr<base::Json>& result) {
  if (!result.ok()) return fail(options, result.status());
  fmt::print("{}\n", result->dump(2));
  return 0;
}

// From what was typed to a setup.
absl::Status complete(Options& options) {
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
  return absl::OkStatus();
}

}  // namespace

std::string default_dir() {
  const char* set = std::getenv("LAB_DIR");
  return set != nullptr ? set : fmt::format("/tmp/vipd-lab-{}", getuid());
}

int up(Options& options) {
  if (auto completed = complete(options); !completed.ok()) return fail(options, completed);
  return finish(options, client(options).up(options.setup));
}

int down(const Options& options) { return finish(options, client(options).down()); }

int ask(const Options& options, const std::string& verb, const base::Json& arguments) {
  return finish(options, client(options).verb(verb, arguments).status());
}

int hetzner(const Options& options) {
  const auto body =
      options.body.empty() ? absl::StatusOr<base::Json>(nullptr) : base::parse_json(options.body);
  if (!body.ok()) return fail(options, body.status());
  return print(options, client(options).hetzner(options.method, options.target, *body));
}

int probe(const Options& options) {
  Client lab = client(options);
  if (options.probe_action == "start")
    return finish(options, lab.verb("probe-start", {{"every", options.every}}).status());
  if (!options.probe_action.empty())
    return print(options, lab.verb("probe-" + options.probe_action, base::Json::object()));
  const auto span = millis(options.probe_for.empty() ? "10s" : options.probe_for);
  if (!span.ok()) return fail(options, span.status());
  if (*span == 0) return fail(options, absl::InvalidArgumentError("--for must be over 0"));
  if (auto begun = lab.verb("probe-start", {{"every", options.every}}); !begun.ok())
    return fail(options, begun.status());
  pause(Millis(*span));
  return print(options, lab.verb("probe-stop", base::Json::object()));
}

// Only the child of a process that joined a PID namespace is in it, hence the fork.
int execute(Options& options) {
  const auto supervisor = client(options).supervisor();
  if (!supervisor.ok()) return fail(options, supervisor.status());
  std::error_code error;
  const auto here = std::filesystem::current_path(error);
  if (auto joined = join(*supervisor, options.node); !joined.ok()) return fail(options, joined);
  if (!error) std::filesystem::current_path(here, error);  // else /: the lab has a /run of its own
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
    return fail(options, absl::ErrnoToStatus(errno, "cannot start a process in the lab"));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int show_status(const Options& options) {
  const auto status = client(options).status();
  if (options.output == "json" || !status.ok()) return print(options, status);
  fmt::print("{}", status_text(*status));
  return 0;
}

}  // namespace vipd::lab
