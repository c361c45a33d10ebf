#include "base/url.h"

#include <sys/un.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "absl/status/status.h"

namespace vipd::base {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::size_t kSocketPathMax = sizeof(sockaddr_un::sun_path) - 1;

absl::Status malformed(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format(
      "{}; a URL is http://HOST[:PORT]/path, https://HOST[:PORT]/path or unix:/SOCKET:/path",
      what));
}

// Anything that could end the request line early or add one.
bool has_blank_or_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7f;
  });
}

absl::StatusOr<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return malformed(fmt::format("port '{}' is not a number from 1 to 65535", text));
  }
  return port;
}

absl::StatusOr<Url> parse_unix(std::string_view rest) {
  const auto colon = rest.find(":/");
  Url url{.scheme = Url::Scheme::kUnix, .host = {}, .socket_path = {}};
  url.socket_path = std::string(rest.substr(0, colon));
  if (!url.socket_path.starts_with("/")) {
    return malformed(fmt::format("socket path '{}' is not absolute", url.socket_path));
  }
  if (url.socket_path.size() > kSocketPathMax) {
    return malformed(fmt::format("socket path '{}' is too long", url.socket_path));
  }
  if (colon != std::string_view::npos) url.target = std::string(rest.substr(colon + 1));
  return url;
}

// Splits HOST[:PORT] or [V6][:PORT] into `url`.
absl::Status read_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) return malformed("a URL may not name a user");
  std::string_view port;
  if (authority.starts_with("[")) {
    const auto bracket = authority.find(']');
    if (bracket == std::string_view::npos) {
      return malformed(fmt::format("'{}' has no closing bracket", authority));
    }
    url.host = std::string(authority.substr(1, bracket - 1));
    port = authority.substr(bracket + 1);
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    url.host = std::string(authority.substr(0, colon));
    port = authority.substr(colon);
  }
  if (url.host.empty()) return malformed("the URL names no host");
  if (port.empty()) return absl::OkStatus();
  if (port.front() != ':') return malformed(fmt::format("'{}' is not HOST:PORT", authority));
  const auto number = parse_port(port.substr(1));
  if (!number.ok()) return number.status();
  url.port = *number;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Url> Url::parse(std::string_view text) {
  if (has_blank_or_control(text)) return malformed("the URL holds a blank or a control character");
  if (text.find('#') != std::string_view::npos) return malformed("the URL holds a fragment (#)");
  if (text.starts_with("unix:")) return parse_unix(text.substr(5));

  Url url;
  if (text.starts_with("http://")) {
    url.port = kHttpPort;
    text.remove_prefix(7);
  } else if (text.starts_with("https://")) {
    url.scheme = Scheme::kHttps;
    url.port = kHttpsPort;
    text.remove_prefix(8);
  } else {
    return malformed("the URL's scheme is unknown");
  }
  const auto path = std::min(text.find_first_of("/?"), text.size());
  if (auto status = read_authority(text.substr(0, path), url); !status.ok()) return status;
  if (path < text.size()) url.target = std::string(text.substr(path));
  if (url.target.front() == '?') url.target.insert(0, "/");
  return url;
}

std::string Url::host_header() const {
  if (scheme == Scheme::kUnix) return "localhost";
  const bool usual = port == (scheme == Scheme::kHttps ? kHttpsPort : kHttpPort);
  const bool v6 = host.find(':') != std::string_view::npos;
  if (!usual) return host_and_port(host, port);
  return v6 ? fmt::format("[{}]", host) : host;
}

std::string Url::peer() const {
  return scheme == Scheme::kUnix ? "unix:" + socket_path : host_and_port(host, port);
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace vipd::base
