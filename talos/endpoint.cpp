#include "talos/endpoint.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/ip.h"
#include "base/url.h"

namespace vipd::talos {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::size_t kLongestName = 253;  // RFC 1035

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

// As certificates spell it, or nothing.
std::string host_from(std::string_view text) {
  if (const auto address = base::IpAddress::parse(text); address.ok()) return address->text();
  return is_host_name(text) ? std::string(text) : std::string();
}

std::string shown(std::string_view text) { return std::string(text.substr(0, kLongestName)); }

absl::Status malformed(std::string_view text) {
  return absl::InvalidArgumentError(
      fmt::format("endpoint \"{}\" is not HOST, HOST:PORT or https://HOST[:PORT]", shown(text)));
}

bool read_port(std::string_view text, std::uint16_t& port) {
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  return error == std::errc() && end == last && port != 0;
}

}  // namespace

absl::StatusOr<Endpoint> Endpoint::parse(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with(kScheme)) {
    rest.remove_prefix(kScheme.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
  }

  Endpoint endpoint;
  endpoint.host = host_from(rest);  // covers a v6 address without brackets
  if (!endpoint.host.empty()) return endpoint;

  std::size_t colon = rest.rfind(':');
  std::string_view host = rest.substr(0, colon);
  if (rest.starts_with('[')) {
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return malformed(text);
    host = rest.substr(1, bracket - 1);
    if (!base::IpAddress::parse(host).ok()) return malformed(text);
    colon = bracket + 1 == rest.size() ? std::string_view::npos : bracket + 1;
  } else if (host.find(':') != std::string_view::npos) {
    return malformed(text);
  }
  endpoint.host = host_from(host);
  if (endpoint.host.empty()) return malformed(text);
  if (colon == std::string_view::npos) return endpoint;
  if (rest[colon] != ':' || !read_port(rest.substr(colon + 1), endpoint.port)) {
    return malformed(text);
  }
  return endpoint;
}

std::string Endpoint::text() const { return base::host_and_port(host, port); }

absl::Status check_node(std::string_view node) {
  if (base::IpAddress::parse(node).ok() || is_host_name(node)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("node \"{}\" is not an address or a host name; a node has no port, that is the "
                  "endpoint's",
                  shown(node)));
}

}  // namespace vipd::talos
