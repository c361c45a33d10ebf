// Which channel requests take: the first endpoint that works, with the files as they are now.
//
// Files    are read at start and every second. Changed and consistent: a new channel for what
//          comes after. Missing, torn or expired: the channel stays, where there is one.
// Threads  The loop's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/log.h"
#include "vipd/etcd/calls.h"
#include "vipd/etcd/channel.h"
#include "vipd/etcd/credentials.h"

namespace vipd::etcd {

class Connection {
 public:
  // `endpoints` is not empty.
  Connection(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log, Calls& calls,
             std::vector<std::string> endpoints, TlsFiles files);

  // `renewed` is called whenever the files have led to a new channel.
  void start(std::function<void()> renewed);

  // Null while there are no usable files; problem() then says why.
  [[nodiscard]] const std::shared_ptr<Stubs>& stubs() const { return stubs_; }
  [[nodiscard]] std::string problem() const { return std::string(problem_.message()); }

  // To be told of each failed request: a broken endpoint makes way for the next one.
  // Returns the words for people.
  std::string failed(const Stubs& used, const grpc::Status& status);

 private:
  void check_files();
  void note(const absl::Status& problem);

  const base::Clock& clock_;
  base::Log& log_;
  Calls& calls_;
  const std::vector<std::string> endpoints_;
  const TlsFiles files_;
  boost::asio::steady_timer timer_;
  std::function<void()> renewed_;
  std::optional<Credentials> credentials_;
  absl::Status problem_;
  std::size_t endpoint_ = 0;
  std::shared_ptr<Stubs> stubs_;
};

}  // namespace vipd::etcd
