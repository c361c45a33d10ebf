// Hetzner: carries out the core's commands about Floating IPs, and says who this node is and
// whether there is a token. Each command is answered by one event; nothing is retried.
//
// Lists    are whole or failed: pages are followed to the last; more than ten (500 Floating
//          IPs) means that the label selector selects too much.
// Threads  Loop thread only. `post` is called on the loop, never from within carry_out(), and
//          not any more once the adapter is gone.
// Errors   core::HcloudFailed with the code, the object and the next step; never the token.
// Source   facts/hetzner-api.md 10.4, 10.5, 10.7.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "vipd/core/command.h"
#include "vipd/core/event.h"
#include "vipd/hcloud/api.h"
#include "vipd/hcloud/metadata.h"
#include "vipd/hcloud/token_file.h"

namespace vipd::hcloud {

struct Options {
  std::string endpoint = "https://api.hetzner.cloud/v1";
  std::string ca_file;  // PEM; empty: the system's store
  std::string token_file;
  std::string metadata_endpoint = "http://169.254.169.254/hetzner/v1";
  std::string user_agent;  // "vipd/<version>"
};

class Adapter {
 public:
  Adapter(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log,
          const Options& options, std::function<void(core::Event)> post);

  void start();
  void carry_out(const core::ListFips& command);
  void carry_out(const core::GetServer& command);
  void carry_out(const core::Assign& command);
  void carry_out(const core::Unassign& command);  // answered by AssignAccepted
  void carry_out(const core::GetAction& command);
  void carry_out(const core::FindRunningAction& command);
  [[nodiscard]] const Counters& counters() const { return api_.counters(); }

 private:
  struct Listing {
    core::ListFips command;
    std::int64_t page = 1;
    std::vector<core::FloatingIp> fips;
    core::Instant sent_at;  // of the first page
  };
  void list_page(Listing listing);
  void start_action(core::CallId call, ApiRequest request);
  template <typename Read, typename Answer>
  void ask(core::CallId call, const ApiRequest& request, Read read, Answer answer);

  std::function<void(core::Event)> post_;
  TokenFile token_;
  Metadata metadata_;
  Api api_;
};

}  // namespace vipd::hcloud
