#include "tools/lab/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "tools/lab/directory.h"
#include "tools/lab/namespaces.h"

namespace vipd::lab {
namespace {

namespace fs = std::filesystem;
constexpr Millis kEndPatience{10000};

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t got = 0; (got = read(fd, part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(got));
  return text;
}

absl::Status until_gone(pid_t pid) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return absl::OkStatus();
  pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
  const bool gone = poll(&ended, 1, static_cast<int>(kEndPatience.count())) > 0;
  close(fd);
  if (gone) return absl::OkStatus();
  return absl::DeadlineExceededError(fmt::format("process {} does not end", pid));
}

// -1: nobody.
absl::StatusOr<int> open_companion(std::int64_t pid) {
  if (pid == 0) return -1;
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
  if (fd >= 0) return fd;
  return absl::InvalidArgumentError(
      fmt::format("--ends-with {}: {}; name a running process", pid, std::strerror(errno)));
}

std::string absolute(const std::string& dir) {
  std::error_code error;
  return fs::absolute(dir, error).lexically_normal().string();
}

}  // namespace

Client::Client(std::string dir, std::string program)
    : layout_{absolute(dir)}, program_(std::move(program)) {}

absl::Status Client::up(Setup setup) {
  if (auto usable = directory::check_free(layout_); !usable.ok()) return usable;
  if (setup.bin.empty()) setup.bin = fs::path(program_).parent_path().string();
  if (auto valid = Setup::parse(setup.json().dump()); !valid.ok()) return valid.status();
  const auto companion = open_companion(setup.ends_with);
  if (!companion.ok()) return companion.status();
  if (auto made = directory::make(layout_); !made.ok()) return made;
  std::array<int, 2> report{};
  if (pipe2(report.data(), O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  std::vector<std::string> words{program_,           "supervise", "--dir",
                                 layout_.dir,        "--setup",   setup.json().dump(),
                                 "--report",         fmt::format("{}", report[1])};
  std::vector<int> inherited{report[1]};
  if (*companion >= 0) {
    words.insert(words.end(), {"--companion", fmt::format("{}", *companion)});
    inherited.push_back(*companion);
  }
  const auto pid = launch(words, layout_.log("lab"), inherited);
  for (const int fd : inherited) close(fd);
  if (!pid.ok()) return pid.status();
  const auto marked = directory::mark(layout_, {{"pid", *pid}});
  const std::string line = read_all(report[0]);
  close(report[0]);
  if (line == "ready\n") return marked;
  if (auto gone = until_gone(*pid); !gone.ok()) return gone;
  return absl::InternalError(
      fmt::format("the lab did not come up: {}(logs in {}/logs; then `lab down`)",
                  line.empty() ? "its supervisor ended\n" : line, layout_.dir));
}

absl::StatusOr<pid_t> Client::supervisor() const {
  const auto nothing = absl::UnavailableError(
      fmt::format("no lab runs in {}: `lab up --dir {}`", layout_.dir, layout_.dir));
  const auto marked = directory::read_marker(layout_);
  if (absl::IsPermissionDenied(marked.status())) return marked.status();
  const auto pid = marked.ok() ? base::json_integer(*marked, "pid") : std::nullopt;
  if (!pid) return nothing;
  // A pid may have become somebody else's.
  const auto words = base::read_file(fmt::format("/proc/{}/cmdline", *pid));
  const bool ours = words.ok() && words->find("supervise") != std::string::npos &&
                    words->find(layout_.dir) != std::string::npos;
  if (!ours) return nothing;
  return static_cast<pid_t>(*pid);
}

absl::Status Client::down() {
  const auto there = directory::look_at(layout_);
  if (!there.ok()) return there.status();
  if (*there == directory::Place::kFree) return absl::OkStatus();
  if (*there == directory::Place::kForeign)
    return absl::FailedPreconditionError(layout_.dir + " is no lab's directory; not removed");
  const auto pid = supervisor();
  if (pid.ok()) {
    const auto asked = call("POST", fmt::format("unix:{}:/down", layout_.socket()),
                            base::Json::object(), Millis(2000));
    if (!asked.ok()) kill(*pid, SIGKILL);
    if (auto gone = until_gone(*pid); !gone.ok()) return gone;
  }
  return directory::remove(layout_);
}

absl::StatusOr<base::Json> Client::status() {
  if (auto running = supervisor(); !running.ok()) return running.status();
  return call("GET", fmt::format("unix:{}:/status", layout_.socket()), nullptr, Millis(20000));
}

absl::StatusOr<base::Json> Client::verb(const std::string& name, const base::Json& arguments,
                                        Millis at_most) {
  if (auto running = supervisor(); !running.ok()) return running.status();
  return call("POST", fmt::format("unix:{}:/verbs/{}", layout_.socket(), name), arguments, at_most);
}

absl::StatusOr<base::Json> Client::hetzner(const std::string& method, const std::string& target,
                                           const base::Json& body) {
  if (auto running = supervisor(); !running.ok()) return running.status();
  return call(method, fmt::format("unix:{}:{}", layout_.hetzner_socket(), target), body,
              Millis(20000));
}

absl::StatusOr<base::Json> Client::vipd_status(const std::string& node) {
  return call("GET", fmt::format("unix:{}:/status", layout_.vipd_socket(node)), nullptr,
              Millis(2000));
}

absl::StatusOr<Executed> Client::execute(const std::string& node,
                                         const std::vector<std::string>& argv) {
  if (auto running = supervisor(); !running.ok()) return running.status();
  std::vector<std::string> words{program_, "exec", "--dir", layout_.dir, node, "--"};
  words.insert(words.end(), argv.begin(), argv.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const int output = memfd_create("output", MFD_CLOEXEC);
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (pid == 0) {
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  lseek(output, 0, SEEK_SET);
  Executed executed{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                    read_all(output)};
  close(output);
  return executed;
}

}  // namespace vipd::lab
