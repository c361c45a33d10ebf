// The Floating IPs on this node: puts them on lo, takes them off, and sees every change.
//
// Events   AddressesSeen: the whole sorted set of addresses on lo, once after start, after each
//          own change (read back, never assumed) and whenever it differs. NetlinkFailed: what
//          was refused or cannot be read; reading is tried again every second by itself.
// Commands AddAddress, RemoveAddress. An address that is there in another form, or without
//          our mark, is never touched (rules N5, N7).
// Threads  Loop thread only; post is called on the loop, never from within a command. Once the
//          Adapter is destroyed it is not called again.
// How      Subscribe, then dump. A change is only a reason to read the whole set again, and so
//          is a message that the kernel had to drop: there is no second picture to go stale.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "vipd/core/command.h"
#include "vipd/core/event.h"

namespace vipd::netlink {

struct Options {
  int receive_buffer_bytes = 1 << 20;  // of the subscription; the kernel's default is 208 KiB
};

class Adapter {
 public:
  Adapter(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log, Options options,
          std::function<void(core::Event)> post);
  ~Adapter();
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;

  void start();
  void carry_out(const core::AddAddress& command);
  void carry_out(const core::RemoveAddress& command);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace vipd::netlink
