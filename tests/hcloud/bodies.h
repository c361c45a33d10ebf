// Answers of the Hetzner Cloud API with every field that it documents, so that a reader
// which trips over one that it does not use is found (facts/hetzner-api.md 10.3 to 10.7).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace vipd::hcloud {

inline std::string joined(std::initializer_list<std::string_view> parts) {
  std::string whole;
  for (const auto part : parts) whole += part;
  return whole;
}

inline const std::string kLocation =
    R"({"id":1,"name":"fsn1","description":"Falkenstein DC Park 1","country":"DE",)"
    R"("city":"Falkenstein","latitude":50.47612,"longitude":12.370071,)"
    R"("network_zone":"eu-central"})";

// `server` is an id or "null".
inline std::string fip_json(const std::string& id, const std::string& ip,
                            const std::string& server) {
  return joined({R"({"id":)", id, R"(,"name":"prod-api","description":null,"ip":")", ip,
                 R"(","type":"ipv4","server":)", server,
                 R"(,"dns_ptr":[{"ip":"203.0.113.10","dns_ptr":"api.example.org"}],)"
                 R"("home_location":)", kLocation,
                 R"(,"blocked":false,"protection":{"delete":true},)"
                 R"("labels":{"cluster":"prod"},"created":"2016-01-30T23:55:00Z"})"});
}

// `next` is a page number or "null".
inline std::string fips_json(const std::string& fips, const std::string& next) {
  return joined({R"({"floating_ips":[)", fips,
                 R"(],"meta":{"pagination":{"page":1,"per_page":50,"previous_page":null,)"
                 R"("next_page":)", next, R"(,"last_page":null,"total_entries":null}}})"});
}

// `error` is an object or "null".
inline std::string action_json(const std::string& id, const std::string& status,
                               const std::string& error) {
  return joined({R"({"id":)", id, R"(,"command":"assign_floating_ip","status":")", status,
                 R"(","progress":0,"started":"2016-01-30T23:55:00Z","finished":null,)"
                 R"("resources":[{"id":7,"type":"server"},{"id":42,"type":"floating_ip"}],)"
                 R"("error":)", error, "}"});
}

inline std::string action_answer(const std::string& id, const std::string& status) {
  return joined({R"({"action":)", action_json(id, status, "null"), "}"});
}

inline std::string server_json(const std::string& ipv4, const std::string& private_net) {
  return joined({R"({"server":{"id":7,"name":"cp-1","status":"running",)"
                 R"("created":"2016-01-30T23:55:00Z","public_net":{"ipv4":)", ipv4,
                 R"(,"ipv6":{"id":3,"ip":"2001:db8::/64","blocked":false,"dns_ptr":[]},)"
                 R"("floating_ips":[42],"firewalls":[]},"private_net":)", private_net,
                 R"(,"location":)", kLocation,
                 R"(,"image":null,"iso":null,"rescue_enabled":false,"locked":false,)"
                 R"("labels":{},"volumes":[],"load_balancers":[]}})"});
}

inline std::string error_json(const std::string& code, const std::string& message,
                              const std::string& details = "null") {
  return joined({R"({"error":{"code":")", code, R"(","message":")", message,
                 R"(","details":)", details, "}}"});
}

}  // namespace vipd::hcloud
