#include "tools/lab/namespaces.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

namespace vipd::lab {
namespace {

absl::Status failed(const std::string& what, const std::string& next) {
  return absl::ErrnoToStatus(errno, fmt::format("{}; {}", what, next));
}

bool write_text(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

absl::Status leave_the_host() {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (uid != 0) {
    if (unshare(CLONE_NEWUSER) != 0)
      return failed("cannot make a user namespace",
                    "run as root, or allow them (sysctl user.max_user_namespaces, "
                    "kernel.unprivileged_userns_clone, AppArmor)");
    if (!write_text("/proc/self/setgroups", "deny") ||
        !write_text("/proc/self/uid_map", fmt::format("0 {} 1", uid)) ||
        !write_text("/proc/self/gid_map", fmt::format("0 {} 1", gid)))
      return failed("cannot map the user into its namespace", "run as root");
  }
  if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID) != 0)
    return failed("cannot make mount, network and PID namespaces", "CAP_SYS_ADMIN is needed");
  return absl::OkStatus();
}

std::vector<char*> pointers(const std::vector<std::string>& argv) {
  std::vector<char*> out;
  for (const auto& word : argv) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void become_supervisor(const std::vector<std::string>& argv, const std::string& log,
                                    const std::vector<int>& keep_fds) {
  const int null = open("/dev/null", O_RDONLY);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(null, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int fd : keep_fds) fcntl(fd, F_SETFD, 0);
  execv(argv[0].c_str(), pointers(argv).data());
  dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0].c_str(), std::strerror(errno));
  _exit(127);
}

// unshare(CLONE_NEWPID) counts for children only, so there is one process between: it makes
// the namespaces, starts the supervisor, says its pid and goes.
[[noreturn]] void stand_between(const std::vector<std::string>& argv, const std::string& log,
                                const std::vector<int>& keep_fds, int answer_fd) {
  setsid();
  const absl::Status left = leave_the_host();
  pid_t child = -1;
  if (left.ok()) child = fork();
  if (child == 0) become_supervisor(argv, log, keep_fds);
  const std::string answer =
      left.ok() ? fmt::format("{}", child) : fmt::format("-1 {}", std::string(left.message()));
  const bool told = write(answer_fd, answer.data(), answer.size()) > 0;
  _exit(told ? 0 : 1);
}

}  // namespace

absl::StatusOr<pid_t> launch(const std::vector<std::string>& argv, const std::string& log,
                             const std::vector<int>& keep_fds) {
  std::array<int, 2> answer{};
  if (pipe2(answer.data(), O_CLOEXEC) != 0) return failed("cannot make a pipe", "try again");
  const pid_t between = fork();
  if (between < 0) return failed("cannot fork", "try again");
  if (between == 0) stand_between(argv, log, keep_fds, answer[1]);
  close(answer[1]);
  std::array<char, 512> text{};
  const ssize_t got = read(answer[0], text.data(), text.size() - 1);
  close(answer[0]);
  waitpid(between, nullptr, 0);
  int pid = -1;
  int used = 0;
  if (got <= 0 || std::sscanf(text.data(), "%d%n", &pid, &used) != 1 || pid < 0)
    return absl::FailedPreconditionError(
        fmt::format("cannot start the supervisor: {}", text.data() + used));
  return pid;
}

absl::Status settle_in() {
  if (getpid() != 1)
    return absl::FailedPreconditionError("the supervisor is started by `lab up` only");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return failed("cannot make the mounts private", "is this a mount namespace of its own?");
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return failed("cannot mount /proc", "containers that mask /proc forbid it: run as real root");
  if (mount("lab", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0)
    return failed("cannot mount an own /run", "CAP_SYS_ADMIN is needed");
  return absl::OkStatus();
}

absl::Status join(pid_t supervisor, const std::string& node) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, supervisor, 0));
  if (fd < 0) return failed("cannot find the lab's supervisor", "is the lab up? see `lab status`");
  // setns leads to the root of the whole tree; the lab may have been started in a chroot.
  const int root = open(fmt::format("/proc/{}/root", supervisor).c_str(), O_PATH | O_CLOEXEC);
  int wanted = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID;
  if (geteuid() != 0) wanted |= CLONE_NEWUSER;
  const bool joined = setns(fd, wanted) == 0 && fchdir(root) == 0 && chroot(".") == 0;
  close(fd);
  close(root);
  if (!joined) return failed("cannot join the lab", "be the user who started it, or root");
  if (node == kOutside) return absl::OkStatus();
  const int network = open(network_path(node).c_str(), O_RDONLY | O_CLOEXEC);
  if (network < 0) return failed("there is no node " + node, "see `lab status`");
  const bool in = setns(network, CLONE_NEWNET) == 0;
  close(network);
  return in ? absl::OkStatus() : failed("cannot join the network of " + node, "be root");
}

absl::Status in_network(const std::string& node, const std::function<absl::Status()>& work) {
  absl::Status result;
  // setns(CLONE_NEWNET) moves a thread, not the process, so the supervisor itself stays outside.
  std::thread([&] {
    if (node == kOutside) {
      result = work();
      return;
    }
    const int fd = open(network_path(node).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
      result = failed("cannot join the network of " + node, "was the node deleted?");
    else
      result = work();
    if (fd >= 0) close(fd);
  }).join();
  return result;
}

std::string network_path(const std::string& node) { return "/run/netns/" + node; }

}  // namespace vipd::lab
