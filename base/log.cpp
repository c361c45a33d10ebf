#include "base/log.h"

#include <algorithm>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace vipd::base {
namespace {

struct LevelName {
  std::string_view console;
  std::string_view json;
};

LevelName name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return {"DEBUG", "debug"};
    case LogLevel::kInfo: return {"INFO", "info"};
    case LogLevel::kWarn: return {"WARN", "warn"};
    case LogLevel::kError: return {"ERROR", "error"};
  }
  return {"ERROR", "error"};
}

// Foreign bytes that are no UTF-8 must cost a character, never the line.
std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Text from outside must not be able to begin a line of its own.
std::string on_one_line(std::string_view text) {
  std::string quoted = json_string(text);
  return quoted.substr(1, quoted.size() - 2);
}

bool needs_quotes(std::string_view value) {
  const auto plain = [](char c) { return c > ' ' && c < 127 && c != '"' && c != '=' && c != '\\'; };
  return value.empty() || !std::all_of(value.begin(), value.end(), plain);
}

std::string console_line(const std::string& time, LogLevel level, std::string_view message,
                         const LogFields& fields) {
  std::string line = fmt::format("{} {:<5} {}", time, name_of(level).console,
                                 needs_quotes(message) ? on_one_line(message) : message);
  for (const auto& [key, value] : fields) {
    line += fmt::format(" {}={}", key, needs_quotes(value) ? json_string(value) : value);
  }
  return line;
}

std::string json_line(const std::string& time, LogLevel level, std::string_view message,
                      const LogFields& fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","message":{})", time,
                                 name_of(level).json, json_string(message));
  for (const auto& [key, value] : fields) {
    line += fmt::format(",{}:{}", json_string(key), json_string(value));
  }
  return line + "}";
}

}  // namespace

struct Log::Sink {
  std::mutex one_line_at_a_time;
};

Log::Log(LogFormat format, LogLevel least, const Clock& clock)
    : sink_(std::make_unique<Sink>()), format_(format), least_(least), clock_(clock) {}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view message, const LogFields& fields) {
  if (level < least_) return;
  const auto as_text = format_ == LogFormat::kJson ? json_line : console_line;
  const std::string line = as_text(rfc3339(clock_.wall()), level, message, fields) + "\n";
  const std::lock_guard lock(sink_->one_line_at_a_time);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace vipd::base
