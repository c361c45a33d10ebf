// One timer on the loop whose handler is never called once the alarm is gone or set anew.
// (A bare Asio timer's handler may already be queued when its owner dies.)
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace vipd::hcloud {

class Alarm {
 public:
  explicit Alarm(boost::asio::io_context& loop) : timer_(loop) {}

  void set(std::chrono::nanoseconds after, std::function<void()> ring) {
    armed_ = std::make_shared<std::function<void()>>(std::move(ring));
    timer_.expires_after(after);
    timer_.async_wait([armed = std::weak_ptr(armed_)](const boost::system::error_code&) {
      if (const auto ring_now = armed.lock()) (*ring_now)();
    });
  }

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<std::function<void()>> armed_;
};

}  // namespace vipd::hcloud
