// The Cloud API as a function: a request and the time go in, the answer and an audit record come
// out. No sockets here.
//
// Order of judgement: rate limit (all requests count, also those that are refused), token, rights,
// path, method, body.
// Source  facts/hetzner-api.md 10.1 to 10.3.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/http_server.h"
#include "tools/lab/hcloudsim/call.h"
#include "tools/lab/hcloudsim/rate_limiter.h"
#include "tools/lab/hcloudsim/tokens.h"

namespace vipd::hcloudsim {

// The documentation says project, an error text says token: a switch.
enum class RateScope { kProject, kToken };

// What an injected fault changes.
struct Twist {
  std::optional<ApiError> refusal;
  bool action_fails = false;
  std::string fault;  // its name, for the audit
};

struct Exchange {
  base::ServerResponse response;
  Record record;
};

class Api {
 public:
  Api(Model& model, Tokens& tokens, RateLimiter& rate, const Calendar& calendar);

  Exchange handle(const base::ServerRequest& request, base::Instant now, const Twist& twist);
  // The text after "Bearer ", or nothing.
  [[nodiscard]] static std::string bearer(const base::ServerRequest& request);
  // The bucket of requests with this token; unknown tokens share one per peer.
  [[nodiscard]] std::string rate_key(const Token* token, const std::string& peer) const;

  RateScope rate_scope = RateScope::kProject;
  std::string scheme = "https";  // of the links in answers

 private:
  Answer dispatch(Call& call, const base::ServerRequest& request, Record& record);
  [[nodiscard]] base::HttpHeaders common_headers(const RateState& rate, base::Instant now);

  Model& model_;
  Tokens& tokens_;
  RateLimiter& rate_;
  Calendar calendar_;
  std::vector<Endpoint> endpoints_;
};

}  // namespace vipd::hcloudsim
