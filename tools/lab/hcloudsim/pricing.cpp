// A price list of plausible amounts; only its shape is Hetzner's.
#include "tools/lab/hcloudsim/resources_json.h"

namespace vipd::hcloudsim {

using base::Json;

namespace {

Json price(const char* net, const char* gross) { return {{"net", net}, {"gross", gross}}; }

Json at_every_location(const Json& prices) {
  Json list = Json::array();
  for (const Location& each : locations()) {
    Json entry = prices;
    entry["location"] = each.name;
    list.push_back(std::move(entry));
  }
  return list;
}

Json of_type(const char* type, const Json& prices) {
  return {{"type", type}, {"prices", at_every_location(prices)}};
}

Json machine(Id id, const char* name) {
  const Json prices{{"price_hourly", price("0.0050", "0.0060")},
                    {"price_monthly", price("3.0000", "3.5700")},
                    {"included_traffic", 21990232555520},
                    {"price_per_tb_traffic", price("1.0000", "1.1900")}};
  return {{"id", id}, {"name", name}, {"prices", at_every_location(prices)}};
}

}  // namespace

Json pricing_json() {
  const Json v4{{"price_monthly", price("3.0000", "3.5700")}};
  const Json v6{{"price_monthly", price("1.0000", "1.1900")}};
  const Json primary{{"price_hourly", price("0.0008", "0.0010")},
                     {"price_monthly", price("0.5000", "0.5950")}};
  return {{"currency", "EUR"},
          {"vat_rate", "19.00"},
          {"image", {{"price_per_gb_month", price("0.0110", "0.0131")}}},
          {"floating_ip", v4},
          {"floating_ips", Json::array({of_type("ipv4", v4), of_type("ipv6", v6)})},
          {"primary_ips", Json::array({of_type("ipv4", primary), of_type("ipv6", primary)})},
          {"server_backup", {{"percentage", "20.00"}}},
          {"server_types", Json::array({machine(114, "cx23")})},
          {"load_balancer_types", Json::array({machine(1, "lb11")})},
          {"volume", {{"price_per_gb_month", price("0.0440", "0.0524")}}}};
}

}  // namespace vipd::hcloudsim
