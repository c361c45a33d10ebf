// Requests to Hetzner's API, one after the other, and the wait for what they set going.
//
// Token    HCLOUD_TOKEN, else the file that HCLOUD_TOKEN_FILE names; it reaches no text.
// Where    HCLOUD_ENDPOINT, else vipd.yaml's hcloud.endpoint, else Hetzner's own. Never plain
//          http beyond this machine: the token would travel in clear.
// Time     Everything a session waits for ends at its deadline; a request takes at most 15 s.
// Threads  Blocking; any one thread.
// Errors   name the request, what the API said and the next step. Their codes:
//            FailedPrecondition  refused: input, limit, protection, an action that failed
//            PermissionDenied    refused: the token
//            NotFound            no such thing in the token's project
//            AlreadyExists       refused: the Floating IP is assigned
//            Aborted             another action runs on it (423 locked)
//            Unknown             a write that may have been done: read before any repeat
//            DeadlineExceeded    not done in time
//            Unavailable         not done, or nothing was told
// Source   facts/hetzner-api.md 10.1 (requests), 10.2 (429: one request comes back a second),
//          10.3 (errors), 10.4 (actions).
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "base/secret.h"
#include "tools/vipctl/environment.h"
#include "tools/vipctl/fetch.h"
#include "vipd/core/event.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

struct HetznerAccess {
  std::string endpoint;
  std::string ca_file;  // PEM; empty: the system's store
  base::Secret token;
};

// InvalidArgument (endpoint), FailedPrecondition (no usable token).
absl::StatusOr<HetznerAccess> hetzner_access(const Environment& around,
                                             const std::optional<shell::Settings>& declared);

struct Call {
  std::string method = "GET";
  std::string path;    // and query, below the endpoint
  std::string body{};  // JSON, or empty
};

class HetznerSession {
 public:
  // What takes longer than a second is told on `told`.
  HetznerSession(HetznerAccess access, const base::Clock& clock, std::ostream& told,
                 Duration timeout);

  // The body of a 2xx. A 429 is asked again until the deadline: nothing was done then.
  absl::StatusOr<std::string> send(const Call& call);

  // Posts an action of this Floating IP ("assign") and waits until it has succeeded; while
  // another one runs it waits for that first. The action's id. `what` is for people.
  absl::StatusOr<std::int64_t> run_action(core::FipId fip, const std::string& verb,
                                          const std::string& body, const std::string& what);
  // Until no action runs on the Floating IP.
  absl::Status wait_until_idle(core::FipId fip, const std::string& what);

 private:
  absl::Status await(std::int64_t action, const std::string& what);
  absl::StatusOr<base::HttpRequest> prepare(const Call& call) const;
  absl::Status fail(const Call& call, const base::HttpResult& result) const;
  [[nodiscard]] bool is_over() const { return clock_.now() >= until_; }
  void tell(const std::string& what);

  HetznerAccess access_;
  const base::Clock& clock_;
  std::ostream& told_;
  Duration timeout_;
  base::Instant until_;
  std::string last_told_;
};

// For a command that could not do what it was asked to.
[[nodiscard]] int exit_code_for(const absl::Status& status);

}  // namespace vipd::vipctl
