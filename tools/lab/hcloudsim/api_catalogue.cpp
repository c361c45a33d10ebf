// What is the same for every project: locations, prices, and what was removed.
#include "tools/lab/hcloudsim/call.h"
#include "tools/lab/hcloudsim/listing.h"
#include "tools/lab/hcloudsim/resources_json.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;

Answer list_locations(Call& call) {
  std::vector<Json> items;
  for (const Location& each : locations()) items.push_back(location_json(each));
  return list_answer(call, "locations", std::move(items), {"id", "name"});
}

Answer get_location(Call& call) {
  for (const Location& each : locations()) {
    if (each.id == call.ids[0]) return {.body = {{"location", location_json(each)}}};
  }
  return refuse(not_found("location", call.ids[0]));
}

Answer pricing(Call&) { return {.body = {{"pricing", pricing_json()}}}; }

// Gone after 2026-10-01 (facts/hetzner-api.md 10.7).
Answer datacenters(Call&) {
  return refuse(
      removed_endpoint("/datacenters", "https://docs.hetzner.cloud/changelog#2026-06-02"));
}

}  // namespace

std::vector<Endpoint> catalogue_endpoints() {
  return {{"GET", "/locations", list_locations},
          {"GET", "/locations/{id}", get_location},
          {"GET", "/pricing", pricing},
          {"GET", "/datacenters", datacenters},
          {"GET", "/datacenters/{id}", datacenters}};
}

}  // namespace vipd::hcloudsim
