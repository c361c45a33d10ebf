// What a call's failure means to a person: who was asked, what went wrong, what to do. Pure.
//
// Codes   NotFound, Unimplemented, FailedPrecondition, ... as the node gave them.
//         Unavailable      no endpoint could be connected to, or the connection broke.
//         Unauthenticated  an endpoint's certificate is not the one to be trusted.
//         PermissionDenied the role is missing, or the endpoint is a worker.
// Source  roles: facts/talos.md 4.3. What gRPC 1.51 says of a handshake: seen in tests/talos.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"

namespace vipd::talos {

enum class Needs { kReader, kEtcdReader, kAdmin };

struct Method {
  std::string name;  // "EtcdStatus", "Get MachineConfigs.config.talos.dev"
  Needs needs = Needs::kReader;
};

// Who asks: what the client certificate says.
struct Identity {
  std::string context;
  std::vector<std::string> roles;
  base::WallTime not_before;
  base::WallTime not_after;
};

// One request as it went out.
struct Question {
  Method method;
  std::string node;      // empty: the endpoint's own
  std::string endpoint;  // "10.0.0.2:50000"
};

// True where the request never left, so that another endpoint may be tried.
[[nodiscard]] bool never_connected(absl::StatusCode code, std::string_view said);

[[nodiscard]] absl::Status refusal(const Question& question, const Identity& identity,
                                   absl::StatusCode code, std::string_view said);

// Cause and next step of an endpoint that was passed over.
[[nodiscard]] absl::Status unreachable(const std::string& endpoint, std::string_view said);

// None of `causes`, which are unreachable()'s, let the request out.
[[nodiscard]] absl::Status no_endpoint(const Method& method, const std::string& node,
                                       const Identity& identity,
                                       const std::vector<absl::Status>& causes);

// FailedPrecondition where the certificate's time has not come or is over.
[[nodiscard]] absl::Status check_validity(const Identity& identity, base::WallTime now);

// Foreign text on one line, without control characters, not longer than a message may be.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace vipd::talos
