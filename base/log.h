// One log for the process, handed down from main(); JSON lines or console text on stderr.
//
// Threads  Any thread. Secrets cannot be passed: Secret has no conversion to text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace vipd::base {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kConsole, kJson };

using LogFields = std::vector<std::pair<std::string, std::string>>;

class Log {
 public:
  Log(LogFormat format, LogLevel least, const Clock& clock);
  ~Log();

  // Console: `2026-01-30T23:55:00Z INFO  message  key=value key="two words"`.
  // JSON: {"time":…,"level":…,"message":…,"key":"value"}.
  void write(LogLevel level, std::string_view message, const LogFields& fields = {});

 private:
  struct Sink;
  std::unique_ptr<Sink> sink_;
  LogFormat format_;
  LogLevel least_;
  const Clock& clock_;
};

}  // namespace vipd::base
