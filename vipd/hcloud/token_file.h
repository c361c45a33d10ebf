// The API token: a file that is read again every second, so a new token needs no restart.
//
// Content  Printable ASCII without white space inside; white space around it is cut off. What
//          is else in the file is a problem, for it would end up in an HTTP header.
// Events   TokenSeen on start and whenever the token or the problem with it changes. The
//          generation grows with every token that appears, also with one that was away and
//          came back: what was believed of it before need not hold any more.
// Secrecy  Neither the token nor any part of the file reaches a text.
// Threads  Loop thread only; `post` is called from the loop, never from within start().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "absl/status/statusor.h"
#include "base/secret.h"
#include "vipd/core/event.h"
#include "vipd/hcloud/alarm.h"

namespace vipd::hcloud {

// The errors say what is wrong with the file and what to do about it.
absl::StatusOr<base::Secret> read_token(const std::string& path);

class TokenFile {
 public:
  TokenFile(boost::asio::io_context& loop, std::string path,
            std::function<void(core::Event)> post,
            std::chrono::nanoseconds every = std::chrono::seconds(1));

  void start();
  // As of the last look.
  [[nodiscard]] const absl::StatusOr<base::Secret>& token() const { return token_; }

 private:
  void look();

  std::string path_;
  std::function<void(core::Event)> post_;
  std::chrono::nanoseconds every_;
  absl::StatusOr<base::Secret> token_;
  std::uint64_t generation_ = 0;
  Alarm alarm_;
};

}  // namespace vipd::hcloud
