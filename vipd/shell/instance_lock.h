// One vipd per node: an flock on <stateDir>/lock, which the kernel drops with the process.
//
// The file holds the owner's process id, for the message only: a container sees its own ids.
//
// Threads  Loop thread only.
// Errors   None end it: a folder that cannot be made or a lock that is held is logged, once per
//          reason, and tried again (rule E19).
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/status/status.h"
#include "base/log.h"

namespace vipd::shell {

class InstanceLock {
 public:
  // An upgrade starts the next vipd while the last one stops: soon enough not to be missed.
  static constexpr std::chrono::milliseconds kFirstWait{200};
  static constexpr std::chrono::milliseconds kLongestWait{2000};

  InstanceLock(boost::asio::io_context& io, base::Log& log, std::string state_dir);
  ~InstanceLock();
  InstanceLock(const InstanceLock&) = delete;
  InstanceLock& operator=(const InstanceLock&) = delete;

  // Calls `held` once, from the loop, when this process has the lock.
  void acquire(std::function<void()> held);

 private:
  void try_again();
  absl::Status try_once();

  base::Log& log_;
  std::string state_dir_;
  std::string path_;
  boost::asio::steady_timer timer_;
  std::chrono::milliseconds wait_ = kFirstWait;
  std::string said_;
  std::function<void()> held_;
  int fd_ = -1;
};

}  // namespace vipd::shell
