#include "vipd/metrics/text.h"

#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "vipd/metrics/writer.h"

namespace vipd::metrics {
namespace {

using base::Json;
using Type = Writer::Type;

// Every state a status may name: a gauge for each, so that an alert needs no "absent".
constexpr std::array kStates = {"starting", "standby", "not-ready", "serving",   "holder", "taking",
                                "degraded", "stuck",   "frozen",    "unmanaged", "stopping",
                                "observing"};
// The upper bounds of vipd/core/figures.h, in seconds.
constexpr std::array kBounds = {"0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30"};

const Json& field(const Json& object, const char* name) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

double number(const Json& value) { return value.is_number() ? value.get<double>() : 0; }

double flag(bool value) { return value ? 1 : 0; }

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

void write_election(Writer& out, const Json& status) {
  const Json& holder = field(status, "holder");
  const bool holds = holder.is_object() &&
                     field(holder, "instance") == field(status, "instance");
  out.family("vipd_holder", Type::kGauge, "1 where this instance has the leader key.");
  out.sample(flag(holds));
  out.family("vipd_ready", Type::kGauge, "1 while the gate of this node holds.");
  out.sample(flag(field(status, "ready") == true));
  out.family("vipd_gate", Type::kGauge, "1 while this condition of the gate holds.");
  for (const Json& one : field(status, "gate")) {
    out.sample(flag(field(one, "ok") == true), {{"condition", text_of(field(one, "condition"))}});
  }
  out.family("vipd_lease_remaining_seconds", Type::kGauge,
             "Time until the etcd lease ends unless it is kept; 0 without one.");
  out.sample(number(field(field(status, "lease"), "remaining_ms")) / 1000);
  out.family("vipd_epoch", Type::kGauge, "mod_revision of the leader key; 0 without one.");
  out.sample(number(field(status, "epoch")));
  out.family("vipd_state", Type::kGauge, "1 for the state this vipd is in.");
  for (const char* state : kStates) {
    out.sample(flag(field(status, "state") == state), {{"state", state}});
  }
}

void write_counts(Writer& out, const Json& counts, const char* label) {
  if (!counts.is_object()) return;
  for (const auto& [name, count] : counts.items()) out.sample(number(count), {{label, name}});
}

void write_phases(Writer& out, const Json& phases) {
  out.family("vipd_move_phase_seconds", Type::kHistogram,
             "How long the phases of a move to this node took: intent, assign, action, verify, "
             "total.");
  if (!phases.is_object()) return;
  for (const auto& [phase, took] : phases.items()) {
    const Json& within = field(took, "within");
    double below = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      if (i < within.size()) below += number(within[i]);
      out.sample(below, {{"phase", phase}, {"le", kBounds[i]}}, "_bucket");
    }
    const double all = number(field(took, "count"));
    out.sample(all, {{"phase", phase}, {"le", "+Inf"}}, "_bucket");
    out.sample(number(field(took, "sum")), {{"phase", phase}}, "_sum");
    out.sample(all, {{"phase", phase}}, "_count");
  }
}

void write_figures(Writer& out, const Json& figures) {
  out.family("vipd_moves_total", Type::kCounter,
             "Moves of the leader key to another server, as this vipd saw them, by cause.");
  write_counts(out, field(figures, "moves"), "cause");
  out.family("vipd_drift_total", Type::kCounter,
             "Floating IPs found elsewhere than assigned, by what was done about it.");
  write_counts(out, field(figures, "drift"), "action");
  write_phases(out, field(figures, "phases"));
}

void write_hcloud(Writer& out, const Json& hcloud) {
  out.family("vipd_hcloud_requests_total", Type::kCounter,
             "Requests to Hetzner that left, by method and HTTP status; none: no answer came.");
  for (const Json& one : field(hcloud, "requests")) {
    const Json& code = field(one, "code");
    out.sample(number(field(one, "count")),
               {{"method", text_of(field(one, "method"))},
                {"code", code == 0 ? "none" : code.dump()}});
  }
  out.family("vipd_hcloud_ratelimit_remaining", Type::kGauge,
             "Requests that Hetzner's budget had left at the last answer.");
  if (number(field(hcloud, "limit")) > 0) out.sample(number(field(hcloud, "remaining")));
}

}  // namespace

std::string metrics_text(std::string_view status_text) {
  const auto status = base::parse_json(status_text);
  if (!status.ok()) return "";
  Writer out;
  out.family("vipd_build_info", Type::kGauge, "1, labelled with what runs.");
  out.sample(1, {{"version", text_of(field(*status, "version"))},
                 {"commit", text_of(field(*status, "commit"))},
                 {"mode", text_of(field(*status, "mode"))}});
  write_election(out, *status);
  write_figures(out, field(*status, "figures"));
  write_hcloud(out, field(*status, "hcloud"));
  return out.text();
}

}  // namespace vipd::metrics
