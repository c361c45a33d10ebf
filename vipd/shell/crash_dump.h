// Writes the journal to a file when the process is about to die of a signal (a bad access, an
// abort, an uncaught exception), names it on standard error, then lets it die of that signal.
//
// Files    PATH, 0600, replaced: the newest crash. PATH.first: the first of a series of crashes
//          less than kSeries apart, which tells how it began; the next series removes it. Their
//          folder must exist.
// Limits   SIGKILL cannot be caught: after it there is no dump.
// Threads  One at a time, made and destroyed by the loop thread; the handler runs on whichever
//          thread crashed and calls nothing but what signal-safety(7) allows.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "vipd/shell/journal.h"

namespace vipd::shell {

class CrashDump {
 public:
  static constexpr std::chrono::seconds kSeries{24 * 3600};

  CrashDump(const Journal& journal, std::string path);
  ~CrashDump();
  CrashDump(const CrashDump&) = delete;
  CrashDump& operator=(const CrashDump&) = delete;

 private:
  static void on_signal(int number);
  void write() const;
  void make_way() const;  // keeps the first of a series

  const Journal& journal_;
  std::string path_;
  std::string first_;
  std::string farewell_;
  std::array<char, 64 << 10> stack_{};  // of its own: the crash may be an overflow
};

}  // namespace vipd::shell
