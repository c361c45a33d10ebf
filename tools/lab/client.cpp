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
#include "tools/lab/namespaces.h"

namespace vipd::lab {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kSocketPathLimit = 107;  // sun_path, unix(7)
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

absl::Status check_directory(const Layout& layout) {
  // The longest socket is vipd's.
  const std::size_t longest = layout.vipd_socket("cp-1").size();
  if (longest > kSocketPathLimit)
    return absl::InvalidArgumentError(
        fmt::format("{}: too long by {} characters for the sockets in it; choose a shorter --dir",
                    layout.dir, longest - kSocketPathLimit));
  if (layout.dir.starts_with("/run/") || layout.dir.starts_with("/proc/"))
    return absl::InvalidArgumentError(layout.dir + ": the lab has its own /run; use another --dir");
  std::error_code error;
  if (fs::exists(layout.dir) && !fs::is_empty(layout.dir, error))
    return absl::AlreadyExistsError(
        fmt::format("{} is not empty: run `lab down --dir {}` first", layout.dir, layout.dir));
  return absl::OkStatus();
}

}  // namespace

Client::Client(std::string dir, std::string program)
    : layout_{fs::absolute(dir).lexically_normal().string()}, program_(std::move(program)) {}

absl::Status Client::up(Setup setup) {
  if (auto usable = check_directory(layout_); !usable.ok()) return usable;
  if (setup.bin.empty()) setup.bin = fs::path(program_).parent_path().string();
  if (auto valid = Setup::parse(setup.json().dump()); !valid.ok()) return valid.status();
  std::error_code error;
  fs::create_directories(layout_.dir + "/logs", error);
  if (!error) fs::permissions(layout_.dir, fs::perms::owner_all, error);  // keys are in it
  if (error) return absl::PermissionDeniedError(layout_.dir + ": " + error.message());
  const auto companion = open_companion(setup.ends_with);
  if (!companion.ok()) return companion.status();
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
  const auto marked =
      base::write_file_atomically(layout_.marker(), base::Json({{"pid", *pid}}).dump());
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
  const auto text = base::read_file(layout_.marker());
  const auto json = text.ok() ? base::parse_json(*text) : absl::StatusOr<base::Json>(nothing);
  const auto pid = json.ok() ? base::json_integer(*json, "pid") : std::nullopt;
  if (!pid) return nothing;
  // A pid may have become somebody else's.
  const auto words = base::read_file(fmt::format("/proc/{}/cmdline", *pid));
  const bool ours = words.ok() && words->find("supervise") != std::string::npos &&
                    words->find(layout_.dir) != std::string::npos;
  if (!ours) return nothing;
  return static_cast<pid_t>(*pid);
}

absl::Status Client::down() {
  const auto pid = supervisor();
  if (pid.ok()) {
    const auto asked = call("POST", fmt::format("unix:{}:/down", layout_.socket()),
                            base::Json::object(), Millis(2000));
    if (!asked.ok()) kill(*pid, SIGKILL);
    if (auto gone = until_gone(*pid); !gone.ok()) return gone;
  }
  std::error_code error;
  if (!fs::exists(layout_.dir)) return absl::OkStatus();
  if (!fs::exists(layout_.dir + "/logs"))
    return absl::FailedPreconditionError(layout_.dir + " is no lab's directory; not removed");
  fs::remove_all(layout_.dir, error);
  return error ? absl::InternalError(
                     fmt::format("cannot remove {}: {}", layout_.dir, error.message()))
               : absl::OkStatus();
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
