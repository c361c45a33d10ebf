// Who this node is, from Hetzner's metadata service: server id, name and addresses.
//
// Events   Identity when it is first known and whenever it changed; IdentityFailed for each
//          failed try before that. Once known, it stands while the service is silent (a server
//          cannot become another one); the log says that it could not be checked.
// Timing   One try has 5 s for all its requests; then 1 s, doubled up to 30 s, until one
//          succeeds; then again every 5 min, for a server may be renamed or join a network.
// Threads  Loop thread only; `post` is called from the loop, never from within start().
// Source   facts/hetzner-api.md 10.10 (keys; a key without a value may be a 404).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "base/log.h"
#include "vipd/core/event.h"
#include "vipd/hcloud/alarm.h"
#include "vipd/hcloud/identity.h"

namespace vipd::hcloud {

class Metadata {
 public:
  struct Options {
    std::string endpoint;
    std::string user_agent;
    core::Duration try_within = std::chrono::seconds(5);
    core::Duration first_retry = std::chrono::seconds(1);
    core::Duration longest_retry = std::chrono::seconds(30);
    core::Duration check_every = std::chrono::minutes(5);
  };

  Metadata(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log,
           Options options, std::function<void(core::Event)> post);

  void start();

 private:
  void begin();
  void ask(std::size_t key);
  void hear(std::size_t key, const base::HttpResult& result);
  void succeed(const core::Identity& seen);
  void fail(std::string_view what);

  const base::Clock& clock_;
  base::Log& log_;
  Options options_;
  std::function<void(core::Event)> post_;
  core::Duration retry_;
  core::Instant deadline_;
  MetadataTexts texts_;
  std::optional<core::Identity> known_;
  Alarm alarm_;
  base::HttpClient client_;
};

}  // namespace vipd::hcloud
