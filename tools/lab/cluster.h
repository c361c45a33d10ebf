// The lab as a whole: comes up once, then carries out verbs.
//
// Threads  carry_out() and status() from any thread. Verbs on one node take turns; verbs on
//          different nodes run side by side.
// Errors   InvalidArgument, NotFound for a verb, node or argument that does not exist; else
//          those of the step that failed.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "tools/lab/membership.h"
#include "tools/lab/node.h"
#include "tools/lab/probes.h"

namespace vipd::lab {

class Cluster {
 public:
  Cluster(Setup setup, Layout layout, Children& children, const base::Clock& clock);

  // Everything from wires to ready apiservers.
  absl::Status come_up();
  absl::StatusOr<base::Json> carry_out(const std::string& verb, const base::Json& arguments);
  [[nodiscard]] base::Json status();

 private:
  struct Seat {
    std::unique_ptr<Node> node;
    std::mutex turn;  // held for a whole verb
  };
  using Arguments = base::Json;

  absl::Status bring_nodes();
  absl::StatusOr<Seat*> seat(const std::string& name);
  absl::Status on_node(const std::string& verb, Node& node, const Arguments& arguments);
  absl::StatusOr<base::Json> probe(const std::string& verb, const Arguments& arguments);
  absl::Status recreate(Node& node);
  // FailedPrecondition, with what to do first, where recreate() could not end well.
  absl::Status etcd_spares(const Node& node);
  absl::Status partition(Node& node, const Arguments& arguments);
  absl::Status heal(const std::string& name);
  // Those that are on, but for `except`.
  [[nodiscard]] std::vector<NodePlan> others(const Node* except) const;

  const Setup setup_;
  const Layout layout_;
  Children& children_;
  const base::Clock& clock_;
  Links links_;
  Hetzner hetzner_;
  Membership membership_;
  Probes probes_;
  std::optional<Pki> pki_;
  std::optional<World> world_;
  std::vector<std::unique_ptr<Seat>> seats_;
};

}  // namespace vipd::lab
