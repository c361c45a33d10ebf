#include "tools/lab/hcloudsim/faults.h"

#include <algorithm>

#include "tools/lab/hcloudsim/fields.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;

// A spoilt answer is one to a request that was carried out, unless the rule says otherwise; a
// request that met no backend was not.
const std::vector<Fault>& catalogue() {
  static const std::vector<Fault> kAll = {
      {"reset", FaultKind::kReset, false},
      {"hang", FaultKind::kHang, false},
      {"html502", FaultKind::kHtml502, false},
      {"truncate", FaultKind::kTruncate, true},
      {"malformed", FaultKind::kMalformed, true},
      {"huge", FaultKind::kHuge, true},
      {"conflict", FaultKind::kRefusal, false, conflict()},
      {"locked", FaultKind::kRefusal, false, locked("server")},
      {"rate_limited", FaultKind::kRefusal, false, rate_limited(3600)},
      {"server_error", FaultKind::kRefusal, false, server_error()},
      {"timeout504", FaultKind::kRefusal, false, timed_out()},
      {"error", FaultKind::kRefusal, false, server_error()},
      {"late", FaultKind::kLate, true},
      {"late_assign", FaultKind::kLateAssign, true},
      {"slow", FaultKind::kSlow, true},
      {"action_error", FaultKind::kActionError, true},
  };
  return kAll;
}

// The catalogue's entry with what the rule changes about it.
std::optional<Fault> read_fault(Fields& fields) {
  const auto name = fields.required("fault", fields.text("fault")).value_or("");
  const auto& known = catalogue();
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Fault& each) { return each.name == name; });
  if (found == known.end()) {
    fields.complain("fault", "is no fault; README.md lists them");
    return std::nullopt;
  }
  Fault fault = *found;
  fault.after = Milliseconds(fields.count("after_ms").value_or(0));
  fault.applied = fields.flag("applied").value_or(fault.applied);
  if (name != "error") return fault;
  const auto status = fields.required("status", fields.count("status")).value_or(500);
  const auto code = fields.required("code", fields.text("code")).value_or("");
  if (status < 400 || status > 599) fields.complain("status", "must be from 400 to 599");
  fault.refusal = ApiError{static_cast<int>(status), code,
                           fields.text("message").value_or("injected by the lab")};
  return fault;
}

}  // namespace

std::optional<ApiError> Faults::add(const Json& rule) {
  const Json match = rule.value("match", Json::object());
  if (!match.is_object()) return invalid_input({{"match", "must be an object"}});
  Fields conditions(match);
  Rule made;
  made.method = conditions.text("method");
  made.path_text = conditions.text("path_regex");
  made.token = conditions.text("token");
  made.peer = conditions.text("peer");
  made.nth = conditions.id("nth").value_or(1);
  if (auto problem = conditions.problem()) return problem;
  try {
    made.path = std::regex(made.path_text.value_or(""), std::regex::ECMAScript);
  } catch (const std::regex_error& error) {
    return invalid_input({{"match.path_regex", error.what()}});
  }

  Fields fields(rule);
  const auto fault = read_fault(fields);
  made.count = fields.id("count");
  if (auto problem = fields.problem()) return problem;
  made.fault = *fault;
  rules_.push_back(std::move(made));
  return std::nullopt;
}

bool Faults::Rule::matches(const FaultSubject& subject) const {
  return (!method || *method == subject.method) && (!token || *token == subject.token) &&
         (!peer || *peer == subject.peer) &&
         (!path_text || std::regex_search(subject.target, path));
}

std::optional<Fault> Faults::next(const FaultSubject& subject) {
  std::optional<Fault> chosen;
  for (Rule& each : rules_) {
    if (!each.matches(subject)) continue;
    ++each.matched;
    const bool due = each.matched >= each.nth && (!each.count || each.fired < *each.count);
    if (!due || chosen) continue;
    ++each.fired;
    chosen = each.fault;
  }
  return chosen;
}

Json Faults::json() const {
  Json list = Json::array();
  for (const Rule& each : rules_) {
    list.push_back({{"fault", each.fault.name}, {"method", each.method.value_or("")},
                    {"path_regex", each.path_text.value_or("")}, {"peer", each.peer.value_or("")},
                    {"nth", each.nth}, {"count", each.count ? Json(*each.count) : Json()},
                    {"after_ms", each.fault.after.count()}, {"applied", each.fault.applied},
                    {"matched", each.matched}, {"fired", each.fired}});
  }
  return list;
}

}  // namespace vipd::hcloudsim
