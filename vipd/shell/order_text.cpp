#include "vipd/shell/order_text.h"

#include <string>

#include "base/json.h"

namespace vipd::shell {
namespace {

using base::Json;

absl::Status lacks(std::string_view what) {
  return absl::InvalidArgumentError(std::string(what));
}

absl::StatusOr<core::Event> read_handover(const Json& order, core::CallId id) {
  core::HandoverAsked asked;
  asked.order = id;
  asked.to = base::json_text(order, "to").value_or("");
  asked.off = base::json_text(order, "off").value_or("");
  asked.by = base::json_text(order, "by").value_or("");
  asked.reason = base::json_text(order, "reason").value_or("");
  if (asked.reason.empty()) return lacks("a handover needs a reason: it is kept with the move");
  if (!asked.to.empty() && !asked.off.empty()) return lacks("either \"to\" or \"off\", not both");
  return asked;
}

absl::StatusOr<core::Event> read_pause(const Json& order, core::CallId id) {
  core::PauseAsked asked;
  asked.order = id;
  const auto seconds = base::json_integer(order, "seconds");
  if (!seconds) return lacks("a pause needs \"seconds\", how long it lasts");
  asked.lasts = std::chrono::seconds(*seconds);
  asked.hard = base::json_bool(order, "hard").value_or(false);
  asked.by = base::json_text(order, "by").value_or("");
  asked.reason = base::json_text(order, "reason").value_or("");
  if (asked.reason.empty()) return lacks("a pause needs a reason: others will want to know it");
  return asked;
}

absl::StatusOr<core::Event> read_resume(const Json& order, core::CallId id) {
  return core::ResumeAsked{id, base::json_text(order, "by").value_or("")};
}

absl::StatusOr<core::Event> read_release(const Json& order, core::CallId id) {
  core::ReleaseAsked asked{id, base::json_text(order, "holder").value_or(""),
                           base::json_text(order, "by").value_or("")};
  if (asked.holder.empty()) {
    return lacks("a release needs \"holder\", the instance that is believed to hold");
  }
  return asked;
}

}  // namespace

bool is_order(std::string_view path) {
  return path == "/handover" || path == "/pause" || path == "/resume" || path == "/release";
}

absl::StatusOr<core::Event> read_order(std::string_view path, std::string_view body,
                                       core::CallId id) {
  const auto order = base::parse_json(body);
  if (!order.ok() || !order->is_object()) return lacks("an order is a JSON object");
  if (path == "/pause") return read_pause(*order, id);
  if (path == "/resume") return read_resume(*order, id);
  if (path == "/release") return read_release(*order, id);
  return read_handover(*order, id);
}

}  // namespace vipd::shell
