#include "certsans/wanted.h"

#include <algorithm>
#include <iterator>

#include "base/ip.h"

namespace vipd::certsans {
namespace {

bool is_in(const base::IpAddress& address, const std::vector<const char*>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const char* prefix) {
    return base::IpPrefix::parse(prefix)->contains(address);
  });
}

std::string folded(std::string name) {
  if (const auto address = base::IpAddress::parse(name); address.ok()) return address->text();
  if (!name.empty() && name.back() == '.') name.pop_back();
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return name;
}

bool ends_with(const std::string& name, std::string_view end) {
  return name.size() >= end.size() &&
         name.compare(name.size() - end.size(), end.size(), end) == 0;
}

// Names that no public DNS knows (RFC 6762, 8375 and ICANN's .internal), and single labels.
bool is_private_name(const std::string& name) {
  static constexpr std::string_view kEnds[] = {".internal", ".local", ".lan", ".home.arpa"};
  return name.find('.') == std::string::npos ||
         std::any_of(std::begin(kEnds), std::end(kEnds),
                     [&](std::string_view end) { return ends_with(name, end); });
}

class Set {
 public:
  void add(const std::string& name, Kind kind, std::string why) {
    const bool known = std::any_of(set_.begin(), set_.end(), [&](const Wanted& other) {
      return folded(other.name) == folded(name);
    });
    if (!name.empty() && !known) set_.push_back({name, kind, std::move(why)});
  }
  std::vector<Wanted> take() { return std::move(set_); }

 private:
  std::vector<Wanted> set_;
};

}  // namespace

Kind kind_of(const std::string& name) {
  const auto address = base::IpAddress::parse(name);
  if (!address.ok()) {
    const std::string text = folded(name);
    if (ends_with(text, ".ts.net")) return Kind::kTailnet;
    return is_private_name(text) ? Kind::kPrivate : Kind::kPublicName;
  }
  // Tailscale's own prefix lies within the private fc00::/7.
  if (is_in(*address, {"100.64.0.0/10", "fd7a:115c:a1e0::/48"})) return Kind::kTailnet;
  return is_in(*address, {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"})
             ? Kind::kPrivate
             : Kind::kAddress;
}

std::vector<Wanted> wanted_set(const Declared& declared) {
  Set set;
  set.add(declared.host, kind_of(declared.host), "the endpoint: clients are told it");
  for (const std::string& each : declared.addresses) {
    set.add(each, Kind::kAddress, "a Floating IP that vipd moves (addresses)");
  }
  for (const std::string& each : declared.names) {
    set.add(each, kind_of(each), "another way to reach the API (endpoint.names)");
  }
  for (const std::string& each : declared.spares) {
    set.add(each, Kind::kSpare, "in reserve, for the day an address is lost (endpoint.spares)");
  }
  set.add(declared.old_host, Kind::kOldEndpoint,
          "clients have it until all are moved (endpoint.old)");
  return set.take();
}

std::string text_of(Kind kind) {
  switch (kind) {
    case Kind::kAddress: return "address";
    case Kind::kSpare: return "spare";
    case Kind::kPublicName: return "public name";
    case Kind::kPrivate: return "private";
    case Kind::kTailnet: return "tailnet";
    case Kind::kOldEndpoint: return "old endpoint";
  }
  return "";
}

std::vector<std::string> names_of(const std::vector<Wanted>& wanted) {
  std::vector<std::string> names;
  for (const Wanted& each : wanted) names.push_back(each.name);
  return names;
}

}  // namespace vipd::certsans
