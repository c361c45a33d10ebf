// The lab's hold on hcloudsim: what the Hetzner console would be used for.
// Source  hcloudsim/README.md, the admin interface.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json.h"
#include "tools/lab/plan.h"
#include "tools/lab/setup.h"

namespace vipd::lab {

class Hetzner {
 public:
  explicit Hetzner(std::string socket) : socket_(std::move(socket)) {}

  // Project, tokens, latency. Waits until hcloudsim answers.
  absl::Status prepare(const Setup& setup) const;
  // Returns the server's id.
  absl::StatusOr<std::int64_t> add_server(const NodePlan& node) const;
  absl::Status delete_server(std::int64_t id) const;
  absl::Status set_power(std::int64_t id, bool on) const;
  absl::Status add_floating_ips(const Setup& setup, std::optional<std::int64_t> server) const;
  absl::StatusOr<base::Json> state() const;

 private:
  absl::StatusOr<base::Json> admin(const std::string& method, const std::string& target,
                                   const base::Json& body) const;

  std::string socket_;
};

}  // namespace vipd::lab
