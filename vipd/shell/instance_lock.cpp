#include "vipd/shell/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/post.hpp>

#include "fmt/format.h"

namespace vipd::shell {
namespace {

absl::Status refused(std::string_view what, const std::string& path) {
  return absl::UnavailableError(fmt::format("{} {}: {}; check stateDir and its mount", what, path,
                                            std::strerror(errno)));
}

std::string owner_of(int fd) {
  std::array<char, 32> text{};
  const auto length = ::pread(fd, text.data(), text.size(), 0);
  std::string pid(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  std::erase_if(pid, [](char c) { return c < '0' || c > '9'; });
  return pid.empty() ? "unknown" : pid;
}

}  // namespace

InstanceLock::InstanceLock(boost::asio::io_context& io, base::Log& log, std::string state_dir)
    : log_(log), state_dir_(std::move(state_dir)), path_(state_dir_ + "/lock"), timer_(io) {}

InstanceLock::~InstanceLock() {
  if (fd_ >= 0) ::close(fd_);
}

void InstanceLock::acquire(std::function<void()> held) {
  held_ = std::move(held);
  boost::asio::post(timer_.get_executor(), [this] { try_again(); });
}

void InstanceLock::try_again() {
  const auto outcome = try_once();
  if (outcome.ok()) {
    if (!said_.empty()) log_.write(base::LogLevel::kInfo, "lock taken", {{"path", path_}});
    std::exchange(held_, nullptr)();
    return;
  }
  const std::string why(outcome.message());
  if (std::exchange(said_, why) != why) {
    log_.write(base::LogLevel::kWarn, "waiting to be the only vipd", {{"why", why}});
  }
  timer_.expires_after(std::exchange(wait_, std::min(wait_ * 2, kLongestWait)));
  timer_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) try_again();
  });
}

absl::Status InstanceLock::try_once() {
  if (::mkdir(state_dir_.c_str(), 0700) != 0 && errno != EEXIST) {
    return refused("cannot make the folder", state_dir_);
  }
  if (fd_ < 0) fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) return refused("cannot open", path_);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return refused("cannot lock", path_);
    return absl::UnavailableError(
        fmt::format("process {} holds {}; this one does nothing until it ends", owner_of(fd_),
                    path_));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, pid.data(), pid.size(), 0) < 0) {
    log_.write(base::LogLevel::kWarn, "lock file without a process id", {{"path", path_}});
  }
  return absl::OkStatus();
}

}  // namespace vipd::shell
