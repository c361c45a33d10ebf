#include "tools/lab/hcloudsim/admin.h"

namespace vipd::hcloudsim {

using base::Json;

base::ServerResponse json_response(int status, const Json& body) {
  base::ServerResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return response;
}

base::ServerResponse refused(const ApiError& error) {
  return json_response(error.status, error.body());
}

base::ServerResponse id_response(const Result<Id>& result) {
  if (const auto* error = std::get_if<ApiError>(&result)) return refused(*error);
  return json_response(200, {{"id", std::get<Id>(result)}});
}

base::ServerResponse administer(World& world, const base::ServerRequest& request,
                                base::Instant now) {
  AdminCall call{world, now, Target::parse(request.target), {}, Json::object()};
  for (const auto& endpoints : {admin_resource_endpoints(), admin_server_endpoints(),
                                admin_switch_endpoints(), admin_report_endpoints()}) {
    for (const AdminEndpoint& each : endpoints) {
      auto wildcards = match_path(each.pattern, call.target.segments);
      if (!wildcards || each.method != request.method) continue;
      call.wildcards = *std::move(wildcards);
      if (!request.body.empty()) {
        auto body = base::parse_json(request.body);
        // "null" is what a client without a body may send.
        const bool object = body.ok() && (body->is_object() || body->is_null());
        if (!object) return refused(json_error());
        if (body->is_object()) call.body = *std::move(body);
      }
      return each.handler(call);
    }
  }
  return refused(no_such_path(request.method + " " + call.target.path));
}

}  // namespace vipd::hcloudsim
