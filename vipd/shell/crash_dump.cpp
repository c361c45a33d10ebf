#include "vipd/shell/crash_dump.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string_view>
#include <utility>

namespace vipd::shell {
namespace {

constexpr std::array kDeadly = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// The one static of the program: a signal handler is handed nothing but a number.
std::atomic<const CrashDump*> the_dump{nullptr};

}  // namespace

CrashDump::CrashDump(const Journal& journal, std::string path)
    : journal_(journal),
      path_(std::move(path)),
      first_(path_ + ".first"),
      farewell_("vipd: crashed; for its last minutes: vipd replay " + path_ +
                "; where it crashed before, how that began: " + first_ + "\n") {
  the_dump = this;
  const stack_t stack{.ss_sp = stack_.data(), .ss_flags = 0, .ss_size = stack_.size()};
  ::sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = &CrashDump::on_signal;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND);
  for (const int number : kDeadly) ::sigaction(number, &action, nullptr);
}

CrashDump::~CrashDump() {
  for (const int number : kDeadly) ::signal(number, SIG_DFL);
  const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  ::sigaltstack(&none, nullptr);
  the_dump = nullptr;
}

// SA_RESETHAND: the signal's default is in force again, so raising it ends the process.
void CrashDump::on_signal(int number) {
  if (const CrashDump* dump = the_dump.exchange(nullptr)) dump->write();
  ::raise(number);
}

void CrashDump::make_way() const {
  struct stat last {};
  const bool series = ::lstat(path_.c_str(), &last) == 0 &&
                      ::time(nullptr) - last.st_mtime < kSeries.count();
  if (!series) {
    ::unlink(first_.c_str());
  } else if (::access(first_.c_str(), F_OK) != 0) {
    ::rename(path_.c_str(), first_.c_str());
  }
}

void CrashDump::write() const {
  const auto write_all = [](int file, std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(file, text.data(), text.size());
      if (written <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  };
  make_way();
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                          0600);
  if (file < 0) return;
  for (const std::string_view part : journal_.parts()) write_all(file, part);
  ::close(file);
  write_all(STDERR_FILENO, farewell_);
}

}  // namespace vipd::shell
