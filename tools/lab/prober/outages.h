// From single probes to outages. Pure.
//
// An outage lasts from the start of the first failed probe to the start of the first one after
// it that succeeds. A move of the route that cuts connections already open, and nothing else, is
// no outage but counted apart as a cut: all failures had connected, the next success comes from
// another node, and it started at most 50 ms after the first failure did.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace vipd::prober {

enum class Outcome { kOk, kRefused, kTimeout, kReset, kUnreachable, kTls, kHttp };

[[nodiscard]] const char* outcome_text(Outcome outcome);

struct Probe {
  std::uint64_t number = 0;  // counts starts, without gaps
  base::Instant started;
  std::chrono::nanoseconds took{0};
  Outcome outcome = Outcome::kOk;
  bool connected = false;  // TCP at least
  std::string node;        // who answered
  std::string why;         // where it failed
};

[[nodiscard]] base::Json probe_json(const Probe& probe);

struct Gap {  // an outage, or a cut
  base::Instant from;
  std::optional<base::Instant> to;  // nothing: it lasts
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t> outcomes;
  std::string node_before;
  std::string node_after;
  bool all_connected = true;
};

class Outages {
 public:
  // In any order of numbers: probes end out of order, and are judged in the order they started.
  void add(Probe probe);
  [[nodiscard]] base::Json summary() const;

 private:
  void judge(const Probe& probe);
  void close_gap(const Probe& success);

  std::map<std::uint64_t, Probe> early_;  // ended before one that started earlier
  std::uint64_t next_ = 0;
  std::map<std::string, std::uint64_t> outcomes_;
  std::map<std::string, std::uint64_t> answered_;
  std::string last_node_;
  std::uint64_t moves_ = 0;
  std::optional<Gap> open_;
  std::vector<Gap> outages_;
  std::vector<Gap> cuts_;
  base::Instant last_start_;
};

}  // namespace vipd::prober
