#include "vipd/shell/token_sync.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/secret.h"
#include "vipd/shell/exit_code.h"

namespace vipd::shell {
namespace {

constexpr std::size_t kLargestFile = 4096;  // a token has 64 characters
constexpr mode_t kMode = 0600;

// What vipd would take for a token, and a line's end behind it.
bool is_one_line(std::string_view text) {
  text = text.substr(0, text.find_last_not_of("\r\n") + 1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// The token that is kept stays for its owner's eyes, whatever the Secret says.
void close_to_others(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return;
  struct stat seen {};
  const bool wrong = ::fstat(file, &seen) == 0 && S_ISREG(seen.st_mode) &&
                     (seen.st_mode & 07777) != kMode;
  if (wrong) ::fchmod(file, kMode);
  ::close(file);
}

bool is_right(const std::string& path, const base::Secret& wanted) {
  struct stat seen {};
  if (::lstat(path.c_str(), &seen) != 0 || !S_ISREG(seen.st_mode)) return false;
  if ((seen.st_mode & 07777) != kMode) return false;
  auto content = base::read_file(path, kLargestFile);
  return content.ok() && base::Secret(*std::move(content)) == wanted;
}

}  // namespace

TokenSync::TokenSync(boost::asio::io_context& loop, base::Log& log, TokenPaths paths,
                     std::chrono::nanoseconds every)
    : log_(log), paths_(std::move(paths)), every_(every), timer_(loop) {}

void TokenSync::start() { look(); }

void TokenSync::look() {
  const auto written = bring_over();
  const std::string problem(written.status().message());
  if (!problem.empty() && problem != said_) {
    log_.write(base::LogLevel::kError, problem, {{"from", paths_.from}, {"to", paths_.to}});
  }
  if (written.ok() && (*written || !said_.empty())) {
    log_.write(base::LogLevel::kInfo, *written ? "token file written" : "token file is current",
               {{"from", paths_.from}, {"to", paths_.to}});
  }
  said_ = problem;
  timer_.expires_after(every_);
  timer_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) look();
  });
}

absl::StatusOr<bool> TokenSync::bring_over() const {
  close_to_others(paths_.to);
  auto content = base::read_file(paths_.from, kLargestFile);
  if (!content.ok()) {
    return absl::UnavailableError(
        fmt::format("the token file stays as it is: {}; is the Secret there, with that key?",
                    std::string(content.status().message())));
  }
  const base::Secret token(*std::move(content));
  if (!is_one_line(token.reveal())) {
    return absl::FailedPreconditionError(
        fmt::format("the token file stays as it is: {} does not hold one line of printable text; "
                    "put a Hetzner Cloud API token into the Secret, and nothing else",
                    paths_.from));
  }
  if (is_right(paths_.to, token)) return false;
  if (auto status = base::write_file_atomically(paths_.to, token.reveal(), kMode); !status.ok()) {
    return status;
  }
  return true;
}

int sync_until_signal(const TokenPaths& paths, const base::Clock& clock) {
  base::Log log(base::LogFormat::kConsole, base::LogLevel::kInfo, clock);
  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) { io.stop(); });
  TokenSync sync(io, log, paths);
  sync.start();
  io.run();
  return kFine;
}

}  // namespace vipd::shell
