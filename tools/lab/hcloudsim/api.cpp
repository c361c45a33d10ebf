#include "tools/lab/hcloudsim/api.h"

#include <ctime>

#include <fmt/format.h>

#include "tools/lab/hcloudsim/resources_json.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;

// RFC 9110 section 5.6.7.
std::string http_date(base::WallTime wall) {
  const std::time_t seconds = wall.seconds;
  std::tm parts{};
  char text[64];
  gmtime_r(&seconds, &parts);
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace

Answer refuse(const ApiError& error) {
  Answer answer;
  answer.status = error.status;
  answer.body = error.body();
  answer.code = error.code;
  return answer;
}

Answer action_answer(const Call& call, const Result<Id>& action) {
  if (const auto* error = std::get_if<ApiError>(&action)) return refuse(*error);
  Answer answer;
  answer.status = 201;
  answer.action = std::get<Id>(action);
  answer.body["action"] =
      action_json(call.model.actions().at(std::get<Id>(action)), call.calendar);
  return answer;
}

Api::Api(Model& model, Tokens& tokens, RateLimiter& rate, const Calendar& calendar)
    : model_(model), tokens_(tokens), rate_(rate), calendar_(calendar) {
  for (const auto& some : {floating_ip_endpoints(), server_endpoints(), action_endpoints(),
                           catalogue_endpoints()}) {
    endpoints_.insert(endpoints_.end(), some.begin(), some.end());
  }
}

std::string Api::bearer(const base::ServerRequest& request) {
  const std::string header = base::find_header(request.headers, "Authorization").value_or("");
  const std::string scheme = "Bearer ";
  return header.starts_with(scheme) ? header.substr(scheme.size()) : "";
}

std::string Api::rate_key(const Token* token, const std::string& peer) const {
  if (token == nullptr) return "peer " + peer;
  return rate_scope == RateScope::kProject ? "project " + token->project : "token " + token->name;
}

base::HttpHeaders Api::common_headers(const RateState& rate, base::Instant now) {
  const base::WallTime wall = calendar_.at(now);
  return {{"Content-Type", "application/json"},
          {"Date", http_date(wall)},
          {"RateLimit-Limit", std::to_string(rate.limit)},
          {"RateLimit-Remaining", std::to_string(rate.remaining)},
          {"RateLimit-Reset", std::to_string(wall.seconds + rate.full_in_seconds)},
          {"X-Correlation-Id", fmt::format("{:016x}", model_.random())},
          {"Strict-Transport-Security", "max-age=15724800; includeSubDomains"},
          {"Access-Control-Allow-Origin", "*"},
          {"Access-Control-Allow-Credentials", "true"}};
}

Answer Api::dispatch(Call& call, const base::ServerRequest& request, Record& record) {
  bool path_known = false;
  for (const Endpoint& each : endpoints_) {
    const auto ids = match_path(std::string("/v1") + each.pattern, call.target.segments);
    if (!ids) continue;
    path_known = true;
    if (each.method != request.method) continue;
    for (const std::string& id : *ids) call.ids.push_back(*parse_id(id));
    if (!call.ids.empty() && std::string_view(each.pattern).starts_with("/floating_ips/{id}")) {
      record.fields["fip"] = call.ids[0];
    }
    if (!request.body.empty()) {
      auto body = base::parse_json(request.body);
      if (!body.ok() || !body->is_object()) return refuse(json_error());
      call.body = *std::move(body);
    }
    if (call.body.contains("server")) record.fields["server"] = call.body["server"];
    return each.handler(call);
  }
  return refuse(path_known ? method_not_allowed() : no_such_path(call.target.path));
}

Exchange Api::handle(const base::ServerRequest& request, base::Instant now, const Twist& twist) {
  const Token* found = tokens_.find(bearer(request));
  const Token* token = found != nullptr && found->revoked ? nullptr : found;
  const RateState rate = rate_.take(rate_key(token, request.peer), now);
  const std::string project = token ? token->project : "";
  const std::string name = token ? token->name : "";
  Call call{model_,
            calendar_,
            {project, name, now, twist.action_fails},
            Target::parse(request.target),
            scheme + "://" +
                base::find_header(request.headers, "Host").value_or("api.hetzner.cloud"),
            {},
            Json::object()};
  Exchange exchange{{}, {now, "request", Json::object()}};
  const bool may = token != nullptr && (token->may_write || request.method == "GET");
  Answer answer = !rate.allowed      ? refuse(rate_limited(rate.limit))
                  : token == nullptr ? refuse(unauthorized())
                  : twist.refusal    ? refuse(*twist.refusal)
                  : !may             ? refuse(token_readonly())
                                     : dispatch(call, request, exchange.record);

  exchange.response.status = answer.status;
  exchange.response.headers = common_headers(rate, now);
  for (auto& each : answer.headers) exchange.response.headers.push_back(std::move(each));
  // Bytes that are no UTF-8 come from the client's own query: shown, not thrown over.
  if (!answer.body.is_null()) {
    exchange.response.body = answer.body.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  Json& fields = exchange.record.fields;
  fields.update({{"project", project}, {"token", name}, {"peer", request.peer},
                 {"method", request.method}, {"path", request.target},
                 {"status", answer.status}, {"code", answer.code}});
  if (answer.action) fields["action"] = *answer.action;
  if (!twist.fault.empty()) fields["fault"] = twist.fault;
  return exchange;
}

}  // namespace vipd::hcloudsim
