// One control-plane node of the lab: a server at Hetzner, a network namespace, a disk and the
// processes etcd, apiserver (apisim) and vipd.
//
// Threads  Verbs are called one at a time per node (the cluster sees to it); status() from any.
// Errors   of the step that failed; what was done before it stays done, and status() shows it.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json.h"
#include "tools/lab/call.h"
#include "tools/lab/children.h"
#include "tools/lab/hetzner.h"
#include "tools/lab/layout.h"
#include "tools/lab/links.h"
#include "tools/lab/pki.h"
#include "tools/lab/plan.h"
#include "tools/lab/setup.h"

namespace vipd::lab {

struct World {  // what the nodes share; outlives them
  const Setup& setup;
  const Layout& layout;
  Children& children;
  Links& links;
  const Hetzner& hetzner;
  const Pki& pki;
};

// How its etcd finds the others on a first start.
struct EtcdStart {
  std::string cluster;    // --initial-cluster
  bool existing = false;  // it joins one that runs
};

class Node {
 public:
  enum class Power { kOn, kOff, kDeleted };

  Node(const World& world, int index) : world_(world), index_(index) {}

  // A new server with new addresses and an empty disk; off.
  absl::Status create(int generation);
  absl::Status boot(const EtcdStart& etcd);
  absl::Status power_off();
  // Gone from Hetzner; processes, links and disk too.
  absl::Status erase();
  // As an orderly reboot of Talos; returns when everything has been started again.
  absl::Status reboot();

  // process: etcd, apiserver or vipd.
  absl::Status start(const std::string& process);
  absl::Status stop(const std::string& process, Millis grace);  // SIGTERM, then SIGKILL
  absl::Status signal(const std::string& process, int signal_number);
  // An error with its last words where it was started and has ended.
  [[nodiscard]] absl::Status still_runs(const std::string& process) const;
  // ok, hang, 500 or slow
  absl::Status set_apiserver(const base::Json& change);
  absl::Status set_cuts(const std::set<Cut>& cuts);

  [[nodiscard]] std::set<Cut> cuts() const;
  [[nodiscard]] NodePlan plan() const;
  [[nodiscard]] Power power() const;
  [[nodiscard]] int generation() const;
  [[nodiscard]] std::int64_t server() const;
  [[nodiscard]] base::Json status() const;
  // FailedPrecondition with the verb that helps where it is off or deleted.
  [[nodiscard]] absl::Status must_be_on() const;
  // The same where its etcd member cannot answer the others.
  [[nodiscard]] absl::Status etcd_answers() const;
  // OK once its apiserver says that it is ready.
  [[nodiscard]] absl::Status ready() const;

 private:
  struct Facts {
    NodePlan plan;
    int generation = -1;
    std::int64_t server = 0;
    Power power = Power::kDeleted;
    std::map<std::string, pid_t> pids;
    std::set<std::string> frozen;
    std::set<Cut> cuts;
    EtcdStart etcd;
  };
  [[nodiscard]] Facts facts() const;
  absl::Status start_all();
  absl::StatusOr<Program> program(const std::string& process) const;
  absl::Status uncordon_when_ready();  // as Talos does after a reboot
  [[nodiscard]] bool real_apiserver() const { return !world_.setup.kube_apiserver.empty(); }
  [[nodiscard]] absl::StatusOr<base::Json> apiserver_state() const;
  absl::StatusOr<base::Json> ask_apiserver(const std::string& method, const std::string& target,
                                           const base::Json& body) const;

  const World& world_;
  const int index_;
  mutable std::mutex mutex_;
  Facts facts_;
};

[[nodiscard]] const char* power_text(Node::Power power);

}  // namespace vipd::lab
