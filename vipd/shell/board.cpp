#include "vipd/shell/board.h"

#include <utility>

namespace vipd::shell {

void Board::publish(Notice notice) {
  auto next = std::make_shared<const Notice>(std::move(notice));
  {
    const base::MutexLock lock(mutex_);
    notice_ = std::move(next);
  }
  changed_.notify_all();
}

std::shared_ptr<const Notice> Board::latest() const {
  const base::MutexLock lock(mutex_);
  return notice_;
}

bool Board::wait_for_change(std::uint64_t change, std::chrono::milliseconds at_most) const {
  const auto until = std::chrono::steady_clock::now() + at_most;
  const base::MutexLock lock(mutex_);
  while (!closed_ && (!notice_ || notice_->change == change)) {
    if (changed_.wait_until(mutex_, until) == std::cv_status::timeout) break;
  }
  return !closed_;
}

void Board::close() {
  {
    const base::MutexLock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

}  // namespace vipd::shell
