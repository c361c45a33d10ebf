// `vipd sync-token`: keeps the token file of this node what a mounted Secret says, for a static
// pod can use no Secret.
//
// Source   The mounted file is looked at every kEvery: kubelet replaces it by a symbolic link to
//          another folder, so a watch on the file would see nothing.
// Target   Written whole and 0600, when its content or mode is not what it must be; in a folder
//          that is there.
// Away     A Secret that is missing, empty or not one line of text changes nothing but the mode: a
//          token that works is kept, and what is wrong is said once.
// Secrecy  Neither token reaches a text.
// Threads  Loop thread only.
#pragma once

#include <chrono>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/log.h"

namespace vipd::shell {

struct TokenPaths {
  std::string from;
  std::string to;
};

class TokenSync {
 public:
  static constexpr std::chrono::seconds kEvery{2};

  TokenSync(boost::asio::io_context& loop, base::Log& log, TokenPaths paths,
            std::chrono::nanoseconds every = kEvery);

  void start();

 private:
  void look();
  // True where the target was written.
  absl::StatusOr<bool> bring_over() const;

  base::Log& log_;
  TokenPaths paths_;
  std::chrono::nanoseconds every_;
  boost::asio::steady_timer timer_;
  std::string said_;  // the problem that was last said
};

// Until SIGTERM or SIGINT; then 0.
int sync_until_signal(const TokenPaths& paths, const base::Clock& clock);

}  // namespace vipd::shell
