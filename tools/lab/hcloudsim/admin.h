// The lab's own interface to the simulated cloud: makes projects and servers, sets switches,
// injects faults, hands out the audit log. README.md documents it.
//
// Errors  have the API's shape, so that one client reads both.
#pragma once

#include <string>
#include <vector>

#include "base/http_server.h"
#include "base/json.h"
#include "tools/lab/hcloudsim/fields.h"
#include "tools/lab/hcloudsim/target.h"
#include "tools/lab/hcloudsim/world.h"

namespace vipd::hcloudsim {

// The world must have been advanced to `now`.
base::ServerResponse administer(World& world, const base::ServerRequest& request,
                                base::Instant now);

struct AdminCall {
  World& world;
  base::Instant now;
  Target target;
  std::vector<std::string> wildcards;
  base::Json body = base::Json::object();
};

struct AdminEndpoint {
  const char* method;
  const char* pattern;
  base::ServerResponse (*handler)(AdminCall&);
};

std::vector<AdminEndpoint> admin_resource_endpoints();
std::vector<AdminEndpoint> admin_server_endpoints();
std::vector<AdminEndpoint> admin_switch_endpoints();
std::vector<AdminEndpoint> admin_report_endpoints();

base::ServerResponse json_response(int status, const base::Json& body);
base::ServerResponse refused(const ApiError& error);
// The value of "project", which must name one that exists.
std::string project_of(AdminCall& call, Fields& fields);
// 200 {"id": …}, or the refusal.
base::ServerResponse id_response(const Result<Id>& result);

}  // namespace vipd::hcloudsim
