// The other end of the control socket: asks the vipd on this node. For the command line.
//
// Threads  Blocking; any one thread.
// Errors   NotFound and Unavailable where no vipd listens, PermissionDenied where the socket is
//          another user's, DeadlineExceeded; each says what to do next. Where an order has left
//          and no answer came, it may be carried out all the same, and the text says so.
//          InvalidArgument where vipd finds that the order lacks something.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "base/json.h"

namespace vipd::shell {

struct Order {
  std::string to;   // node name or server id; empty: any ready node
  std::string off;  // node name or server id; empty: whoever holds
  std::string by;
  std::string reason;
};

struct OrderOutcome {
  bool taken = false;
  std::string text;
};

class Client {
 public:
  // How long an order is worth waiting for: vipd itself gives up before (ControlServer::kOrder).
  static constexpr std::chrono::seconds kOrderAnswer{8};

  // A relative path counts from the folder the command runs in.
  Client(const std::string& socket, const base::Clock& clock);

  // With `seen`, the "change" of an earlier answer, it waits for another one or some 25 s.
  absl::StatusOr<base::Json> status(std::optional<std::uint64_t> seen, base::Instant deadline);
  absl::StatusOr<OrderOutcome> handover(const Order& order, base::Instant deadline);
  // An order as control_server.h describes it, such as "/pause".
  absl::StatusOr<OrderOutcome> order(const std::string& path, const base::Json& body,
                                     base::Instant deadline);
  // What `vipd replay` takes.
  absl::StatusOr<std::string> journal(base::Instant deadline);

 private:
  base::HttpResult exchange(base::HttpRequest request, const std::string& target);

  std::string socket_;
  const base::Clock& clock_;
};

}  // namespace vipd::shell
