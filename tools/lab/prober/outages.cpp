#include "tools/lab/prober/outages.h"

#include <algorithm>

namespace vipd::prober {
namespace {

constexpr std::chrono::milliseconds kCutLimit{50};
constexpr std::size_t kGapsKept = 10000;  // a run of hours; the results file has them all

std::int64_t nanos(base::Instant at) { return at.time_since_epoch().count(); }
double millis(base::Instant from, base::Instant to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

base::Json gap_json(const Gap& gap, base::Instant last_start) {
  return {{"from_ns", nanos(gap.from)},
          {"to_ns", gap.to ? base::Json(nanos(*gap.to)) : base::Json(nullptr)},
          {"ms", millis(gap.from, gap.to.value_or(last_start))},
          {"failed", gap.failed},
          {"outcomes", gap.outcomes},
          {"node_before", gap.node_before},
          {"node_after", gap.node_after}};
}

}  // namespace

const char* outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kTimeout:
      return "timeout";
    case Outcome::kReset:
      return "reset";
    case Outcome::kUnreachable:
      return "unreachable";
    case Outcome::kTls:
      return "tls";
    case Outcome::kHttp:
      return "http";
  }
  return "";
}

base::Json probe_json(const Probe& probe) {
  base::Json out = {
      {"n", probe.number},
      {"start_ns", nanos(probe.started)},
      {"us", std::chrono::duration_cast<std::chrono::microseconds>(probe.took).count()},
      {"outcome", outcome_text(probe.outcome)},
      {"connected", probe.connected}};
  if (!probe.node.empty()) out["node"] = probe.node;
  if (!probe.why.empty()) out["why"] = probe.why;
  return out;
}

void Outages::add(Probe probe) {
  early_.emplace(probe.number, std::move(probe));
  while (!early_.empty() && early_.begin()->first == next_) {
    judge(early_.begin()->second);
    early_.erase(early_.begin());
    ++next_;
  }
}

void Outages::judge(const Probe& probe) {
  ++outcomes_[outcome_text(probe.outcome)];
  last_start_ = probe.started;
  if (probe.outcome == Outcome::kOk) {
    if (open_) close_gap(probe);
    ++answered_[probe.node];
    if (!last_node_.empty() && probe.node != last_node_) ++moves_;
    last_node_ = probe.node;
    return;
  }
  if (!open_) {
    open_.emplace();
    open_->from = probe.started;
    open_->node_before = last_node_;
  }
  ++open_->failed;
  ++open_->outcomes[outcome_text(probe.outcome)];
  open_->all_connected = open_->all_connected && probe.connected;
}

void Outages::close_gap(const Probe& success) {
  open_->to = success.started;
  open_->node_after = success.node;
  const bool moved = !last_node_.empty() && success.node != last_node_;
  const bool cut = open_->all_connected && moved && success.started - open_->from <= kCutLimit;
  auto& gaps = cut ? cuts_ : outages_;
  if (gaps.size() < kGapsKept) gaps.push_back(*open_);
  open_.reset();
}

base::Json Outages::summary() const {
  base::Json outages = base::Json::array();
  base::Json cuts = base::Json::array();
  double longest = 0;
  std::uint64_t cut_probes = 0;
  for (const auto& gap : outages_) outages.push_back(gap_json(gap, last_start_));
  if (open_) outages.push_back(gap_json(*open_, last_start_));
  for (const auto& gap : outages) longest = std::max(longest, gap["ms"].get<double>());
  for (const auto& gap : cuts_) {
    cuts.push_back(gap_json(gap, last_start_));
    cut_probes += gap.failed;
  }
  return {{"probes", next_},
          {"outcomes", outcomes_},
          {"answered_by", answered_},
          {"last_node", last_node_},
          {"moves", moves_},
          {"outages", outages},
          {"longest_outage_ms", longest},
          {"down_now", open_.has_value()},
          {"cut_in_flight", cut_probes},
          {"cuts", cuts}};
}

}  // namespace vipd::prober
