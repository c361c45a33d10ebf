// What HttpRequest::url may say, taken apart.
//
// Errors  InvalidArgument with what is expected. Only the authority is quoted: a query may hold
//         a secret. User names and fragments are refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace vipd::base {

struct Url {
  enum class Scheme { kHttp, kHttps, kUnix };

  Scheme scheme = Scheme::kHttp;
  std::string host;         // name or address, without brackets; empty for unix
  std::uint16_t port = 0;   // 80 and 443 where the text names none
  std::string socket_path;  // unix only
  std::string target = "/";

  // http://HOST[:PORT][/path], https://..., hosts like [::1], or unix:/socket/path:/target
  static absl::StatusOr<Url> parse(std::string_view text);

  // What the Host header says: the port only where it is not the scheme's own.
  [[nodiscard]] std::string host_header() const;
  // For people: "10.0.1.2:6443", "[::1]:443", "unix:/run/vipd.sock".
  [[nodiscard]] std::string peer() const;
};

// "10.0.1.2:6443", "[::1]:443"
[[nodiscard]] std::string host_and_port(std::string_view host, std::uint16_t port);

}  // namespace vipd::base
