// Where the loop thread leaves what other threads show: the last status, and a sign of life.
//
// Threads  Any. The lock is held for a pointer's copy only, so no reader can hold up the loop.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/thread_annotations.h"

namespace vipd::shell {

struct Notice {
  std::uint64_t change = 0;  // grows with every change that a reader may care about
  std::string text;          // JSON
};

class Board {
 public:
  void publish(Notice notice) VIPD_EXCLUDES(mutex_);
  // Null until something is published.
  [[nodiscard]] std::shared_ptr<const Notice> latest() const VIPD_EXCLUDES(mutex_);

  // Blocks until a notice with another `change` is there, `at_most` has passed, or close().
  // False once closed.
  bool wait_for_change(std::uint64_t change, std::chrono::milliseconds at_most) const
      VIPD_EXCLUDES(mutex_);
  void close() VIPD_EXCLUDES(mutex_);

  void beat(base::Instant now) { beat_.store(now.time_since_epoch().count()); }
  [[nodiscard]] base::Instant last_beat() const {
    return base::Instant{base::Instant::duration{beat_.load()}};
  }

 private:
  mutable base::Mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::shared_ptr<const Notice> notice_ VIPD_GUARDED_BY(mutex_);
  bool closed_ VIPD_GUARDED_BY(mutex_) = false;
  std::atomic<base::Instant::rep> beat_{0};
};

}  // namespace vipd::shell
