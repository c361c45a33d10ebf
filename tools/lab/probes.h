// The probers in the outside world: one for each Floating IP, started on demand.
// Threads  Any; calls take turns.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "tools/lab/children.h"
#include "tools/lab/layout.h"
#include "tools/lab/setup.h"

namespace vipd::lab {

class Probes {
 public:
  Probes(const Setup& setup, const Layout& layout, Children& children)
      : setup_(setup), layout_(layout), children_(children) {}

  // Results go to DIR/probe-v4.ndjson (and -v6), from empty. A failed start leaves no prober.
  absl::Status start(const std::string& every);
  // {"v4": {...}, "v6": {...}}; stop() gives the last one.
  absl::StatusOr<base::Json> summary();
  absl::StatusOr<base::Json> stop();

 private:
  absl::Status begin(const std::string& every);
  void forget_ended();
  absl::Status somebody_probes();
  [[nodiscard]] std::string socket(const std::string& family) const;

  const Setup& setup_;
  const Layout& layout_;
  Children& children_;
  std::mutex mutex_;
  std::map<std::string, pid_t> pids_;
};

}  // namespace vipd::lab
