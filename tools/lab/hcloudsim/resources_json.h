// Resources as the API writes them; every required field is there.
//
// Source  facts/hetzner-api.md 10.4, 10.5, 10.7 and, for the fields of server_type and pricing,
//         the names official clients read (hcloud-go schema/*.go).
#pragma once

#include "base/json.h"
#include "tools/lab/hcloudsim/calendar.h"
#include "tools/lab/hcloudsim/model.h"
#include "tools/lab/hcloudsim/resources.h"

namespace vipd::hcloudsim {

base::Json location_json(const Location& location);
base::Json floating_ip_json(const FloatingIp& fip, const Calendar& calendar);
base::Json server_json(const Server& server, const Model& model, const Calendar& calendar);
base::Json action_json(const Action& action, const Calendar& calendar);
base::Json pricing_json();

}  // namespace vipd::hcloudsim
