// One request to the Hetzner Cloud API with the token of the moment, and what came of it.
// No retries: the core decides what is done next.
//
// Errors   come as core::HcloudFailed (its `call` is left to the caller), a missing token
//          and an unreadable CA file included; nothing was sent then.
// Time     sent_at is when the exchange was started; for a request with first_byte_by the
//          moment its first byte left, if it did.
// Threads  Loop thread only. `done` is called exactly once, never from within send(), and
//          not any more once the Api is gone.
// Source   facts/hetzner-api.md 10.1 (transport), 10.2 (the budget).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/log.h"
#include "vipd/core/event.h"
#include "vipd/hcloud/token_file.h"

namespace vipd::hcloud {

// Requests that left, by method and HTTP status; 0: no answer came.
struct Counters {
  std::map<std::pair<std::string, int>, std::uint64_t> requests;
};

struct ApiRequest {
  std::string method = "GET";
  std::string path;  // and query, below the endpoint
  std::string body;  // JSON, or empty
  core::Instant deadline;
  std::optional<core::Instant> first_byte_by;
};

struct ApiAnswer {  // a 2xx
  std::string body;
  core::Instant sent_at;
  core::Rate rate;
};

using ApiResult = std::variant<ApiAnswer, core::HcloudFailed>;

class Api {
 public:
  struct Options {
    std::string endpoint;
    std::string ca_file;  // read anew for each request; empty: the system's store
    std::string user_agent;
  };

  Api(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log, Options options,
      const TokenFile& token);

  void send(const ApiRequest& request, std::function<void(ApiResult)> done);
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  using Done = std::function<void(ApiResult)>;
  absl::StatusOr<base::HttpRequest> prepare(const ApiRequest& request) const;
  void fail_later(core::HcloudFailed failure, Done done);
  ApiResult judge(const ApiRequest& request, core::Instant started, base::HttpResult result);

  boost::asio::io_context& loop_;
  const base::Clock& clock_;
  base::Log& log_;
  Options options_;
  const TokenFile& token_;
  Counters counters_;
  base::HttpClient client_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace vipd::hcloud
