// One authenticated API call on its way through the handlers, and what they answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/http_client.h"
#include "base/json.h"
#include "tools/lab/hcloudsim/api_error.h"
#include "tools/lab/hcloudsim/calendar.h"
#include "tools/lab/hcloudsim/model.h"
#include "tools/lab/hcloudsim/target.h"

namespace vipd::hcloudsim {

struct Call {
  Model& model;
  const Calendar& calendar;
  Caller caller;
  Target target;
  std::string origin;   // "https://host", for Link headers
  std::vector<Id> ids;  // those in the path, in order
  base::Json body = base::Json::object();
};

struct Answer {
  int status = 200;
  base::Json body{};  // null: no body at all
  base::HttpHeaders headers{};
  std::optional<Id> action{};  // these two are for the audit log
  std::string code{};
};

Answer refuse(const ApiError& error);
// 201 {"action": …}, or the refusal.
Answer action_answer(const Call& call, const Result<Id>& action);

using CallHandler = Answer (*)(Call&);

// "/floating_ips/{id}/actions/assign", relative to the API's base.
struct Endpoint {
  const char* method;
  const char* pattern;
  CallHandler handler;
};

// Each resource brings its own.
std::vector<Endpoint> floating_ip_endpoints();
std::vector<Endpoint> server_endpoints();
std::vector<Endpoint> action_endpoints();
std::vector<Endpoint> catalogue_endpoints();

}  // namespace vipd::hcloudsim
