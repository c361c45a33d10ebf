// A Talos cluster's machine API, over mTLS, with the credentials of one talosconfig context.
//
// Calls     talos/machine.h, talos/config_calls.h (what needs os:admin) and talos/resources.h.
//           Each blocks until there is an answer or the target's deadline has passed.
// Endpoints One that cannot be connected to is passed over for the next; an answer, good or bad,
//           ends the call, so that nothing is ever done twice. The one that answered last is
//           asked first. An attempt to connect takes at most kConnectWithin: a deadline that is
//           to survive n dead endpoints must be longer than n of those.
// Nodes     Target::node travels as the `node` metadata key and the endpoint passes the request
//           on. Never `nodes`: deprecated, and unknown to resources (facts/talos.md 4.2). To ask
//           several nodes at once, call from several threads.
// Trust     The endpoint's certificate must be signed by the context's CA and name the host
//           that was dialled. Proxies named by the environment are not used.
// Threads   Everything is safe from any thread, on one Client, at the same time.
// Errors    name the call, the node, the endpoint, the cause and the next step: talos/refusal.h.
//           They may hold what the node answered, on one line and cut; never a request's content.
// Lifetime  `clock` outlives the client, the client its calls.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "talos/talosconfig.h"

namespace vipd::talos {

inline constexpr std::chrono::seconds kConnectWithin{3};
inline constexpr int kLargestMessage = 32 << 20;  // facts/talos.md 4.1

struct Target {
  std::string node;  // empty: the endpoint itself answers
  base::Instant deadline;
};

class Wire;  // talos/wire.h: the side that gRPC is on

class Client {
 public:
  // No I/O. Where the context's endpoints are not to be used the caller replaces them first.
  Client(const base::Clock& clock, Context context);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Of the certificate: the organisations of its subject (facts/talos.md 4.1).
  [[nodiscard]] const std::vector<std::string>& roles() const;
  [[nodiscard]] base::WallTime expires() const;

  [[nodiscard]] Wire& wire() const { return *wire_; }

 private:
  std::unique_ptr<Wire> wire_;
};

}  // namespace vipd::talos
