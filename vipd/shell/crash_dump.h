// Writes the journal to a file when the process is about to die of a signal (a bad access, an
// abort, an uncaught exception), names it on standard error, then lets it die of that signal.
//
// File     0600, replaced: the newest crash counts. Its folder must exist.
// Limits   SIGKILL cannot be caught: after it there is no dump.
// Threads  One at a time, made and destroyed by the loop thread; the handler runs on whichever
//          thread crashed and calls nothing but what signal-safety(7) allows.
#pragma once

#include <array>
#include <string>

#include "vipd/shell/journal.h"

namespace vipd::shell {

class CrashDump {
 public:
  CrashDump(const Journal& journal, std::string path);
  ~CrashDump();
  CrashDump(const CrashDump&) = delete;
  CrashDump& operator=(const CrashDump&) = delete;

 private:
  static void on_signal(int number);
  void write() const;

  const Journal& journal_;
  std::string path_;
  std::string farewell_;
  std::array<char, 64 << 10> stack_{};  // of its own: the crash may be an overflow
};

}  // namespace vipd::shell
