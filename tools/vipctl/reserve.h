// `vipctl reserve`: the Floating IPs that vipd.yaml declares, adopted or created, with the group's
// labels and delete protection. Nothing is ever assigned or moved; what is right is left alone, so
// a second run does nothing.
//
// How         plan (reserve_plan.h), act, read again, until there is nothing left to do. A create
//             whose outcome is unknown is therefore not repeated but looked for: names are unique
//             in a project, so the next look, or the next run, adopts what was made.
// Input       vipd.yaml, whose addresses may still lack id and address.
// JSON        {"version":1,"dryRun","floatingIps":[{id,name,ip,type,location,server,spare,
//             did:["created"|"adopted","labelled","protected"],pricePerMonth}],"pricePerMonth",
//             "vipdYaml":{"addresses":[{id,address,name}],"spares":[address]}}; with dryRun `did`
//             is what would be done, and what would be created has no id and no ip. A price is
//             {currency,net,gross} or null.
// Exit codes  0 fine (also: nothing to do), 1 refused, or not done in time, 2 vipd.yaml, endpoint
//             or token unusable, 3 could not tell: run it again.
#pragma once

#include <chrono>
#include <string>

#include "tools/vipctl/environment.h"
#include "tools/vipctl/fetch.h"

namespace vipd::vipctl {

struct ReserveOptions {
  std::string file;  // vipd.yaml
  bool spare = false;
  bool dry_run = false;
  std::string format = "table";  // table, json, yaml
  Duration timeout = std::chrono::seconds(60);
};

int reserve(const ReserveOptions& options, const Environment& around);

}  // namespace vipd::vipctl
