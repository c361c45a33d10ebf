// What the shell's tests share: a clock that is set, a core that is scripted, a loop that runs
// until something is so.
#pragma once

#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "tests/catch.h"
#include "vipd/shell/machine.h"

namespace vipd::shell {

using namespace std::chrono_literals;

class SetClock final : public base::Clock {
 public:
  [[nodiscard]] base::Instant now() const override {
    return base::Instant{base::Instant::duration{at_.load()}};
  }
  [[nodiscard]] base::WallTime wall() const override { return {1'769'817'300}; }
  void advance(std::chrono::nanoseconds by) { at_ += by.count(); }

 private:
  std::atomic<std::int64_t> at_{std::chrono::nanoseconds(1h).count()};
};

// Records what it is stepped with; answers as told.
class ScriptedMachine final : public Machine {
 public:
  std::vector<core::Command> step(const core::Event& event, core::Now now) override {
    seen.push_back(event);
    at.push_back(now.at);
    return answer(event);
  }
  [[nodiscard]] std::optional<core::Instant> wake_at() const override { return wake; }
  [[nodiscard]] base::Json status(core::Now) const override { return report; }

  std::vector<core::Event> seen;
  std::vector<core::Instant> at;
  std::optional<core::Instant> wake;
  base::Json report = {{"state", "standby"}};
  std::function<std::vector<core::Command>(const core::Event&)> answer =
      [](const core::Event&) { return std::vector<core::Command>(); };
};

// Runs `io` until `so`, at most 5 s; false if it never came to be.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& so) {
  const auto give_up = std::chrono::steady_clock::now() + 5s;
  while (!so()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    io.restart();
    io.run_one_for(20ms);
  }
  return true;
}

// Runs `io` for a while in which nothing is expected to happen.
inline void run_for(boost::asio::io_context& io, std::chrono::milliseconds time) {
  io.restart();
  io.run_for(time);
}

class TempFolder {
 public:
  TempFolder() { path_ = ::mkdtemp(path_.data()); }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/vipd-shell-XXXXXX";
};

inline base::Log quiet_log(const base::Clock& clock) {
  return {base::LogFormat::kJson, base::LogLevel::kError, clock};
}

}  // namespace vipd::shell
