#include "tools/lab/children.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "tools/lab/namespaces.h"

namespace vipd::lab {
namespace {

constexpr std::chrono::seconds kRunLimit{20};

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

int exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string everything_in(int fd) {
  std::string text(static_cast<std::size_t>(lseek(fd, 0, SEEK_END)), '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(got < 0 ? 0 : got));
  return text;
}

// Between fork and exec of a threaded program: system calls only.
[[noreturn]] void become(char* const* argv, int network_fd, int input_fd, int output_fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (network_fd >= 0 && setns(network_fd, CLONE_NEWNET) != 0) _exit(126);
  dup2(input_fd, STDIN_FILENO);
  dup2(output_fd, STDOUT_FILENO);
  dup2(output_fd, STDERR_FILENO);
  close_range(3, ~0U, 0);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(argv[0], argv);
  constexpr std::string_view kWhy = ": cannot be run; is it built, or installed by tools/setup?\n";
  const bool told = write(STDERR_FILENO, argv[0], std::strlen(argv[0])) > 0 &&
                    write(STDERR_FILENO, kWhy.data(), kWhy.size()) > 0;
  _exit(told ? 127 : 126);
}

}  // namespace

absl::StatusOr<pid_t> Children::spawn(const Program& program, int output_fd) {
  const bool elsewhere = !program.node.empty() && program.node != kOutside;
  const Fd network(elsewhere ? open(network_path(program.node).c_str(), O_RDONLY | O_CLOEXEC) : -1);
  if (elsewhere && network.get() < 0)
    return absl::NotFoundError(
        fmt::format("node {} has no network; see `lab status`", program.node));
  const Fd input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::vector<char*> argv;
  for (const auto& word : program.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const std::lock_guard lock(mutex_);  // reap() must not see the child before exits_ has it
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, fmt::format("cannot fork {}", program.argv[0]));
  if (pid == 0) become(argv.data(), network.get(), input.get(), output_fd);
  exits_[pid] = std::nullopt;
  return pid;
}

absl::StatusOr<pid_t> Children::start(const Program& program) {
  const std::string log = program.log.empty() ? "/dev/null" : program.log;
  const Fd output(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (output.get() < 0) return absl::ErrnoToStatus(errno, fmt::format("cannot write {}", log));
  return spawn(program, output.get());
}

absl::StatusOr<std::string> Children::run(const std::vector<std::string>& argv, std::string node) {
  const Fd output(memfd_create("output", MFD_CLOEXEC));
  const auto pid = spawn({.argv = argv, .node = std::move(node), .log = ""}, output.get());
  if (!pid.ok()) return pid.status();
  const auto code = wait(*pid, kRunLimit);
  if (!code.ok()) signal(*pid, SIGKILL);
  {
    const std::lock_guard lock(mutex_);
    if (exits_[*pid]) exits_.erase(*pid);  // nobody will ask again
  }
  const std::string text = everything_in(output.get());
  if (code.ok() && *code == 0) return text;
  const std::string why =
      code.ok() ? fmt::format("exit {}", *code) : std::string(code.status().message());
  return absl::InternalError(fmt::format("{}: {}: {}", fmt::join(argv, " "), why, text));
}

absl::StatusOr<int> Children::wait(pid_t pid, std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  const auto child = exits_.find(pid);
  if (child == exits_.end()) return absl::NotFoundError(fmt::format("no process {}", pid));
  if (!changed_.wait_for(lock, at_most, [&] { return child->second.has_value(); }))
    return absl::DeadlineExceededError(
        fmt::format("process {} still runs after {} ms", pid, at_most.count()));
  return *child->second;
}

void Children::signal(pid_t pid, int signal_number) {
  const std::lock_guard lock(mutex_);
  const auto child = exits_.find(pid);
  if (child != exits_.end() && !child->second) kill(pid, signal_number);
}

bool Children::running(pid_t pid) const {
  const std::lock_guard lock(mutex_);
  const auto child = exits_.find(pid);
  return child != exits_.end() && !child->second;
}

void Children::reap() {
  const std::lock_guard lock(mutex_);
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto child = exits_.find(pid);  // unknown: an orphan that process 1 inherited
    if (child != exits_.end()) child->second = exit_code(status);
  }
  changed_.notify_all();
}

}  // namespace vipd::lab
