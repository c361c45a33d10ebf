// What the API refuses with: HTTP status, code, message and details, as one value.
//
// Source  facts/hetzner-api.md 10.3: {"error":{"code","message","details"}}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"

namespace vipd::hcloudsim {

struct ApiError {
  int status = 500;
  std::string code;
  std::string message;
  base::Json details = nullptr;

  [[nodiscard]] base::Json body() const;
};

template <class T>
using Result = std::variant<T, ApiError>;

struct FieldProblem {
  std::string field;
  std::string problem;
};

ApiError invalid_input(const std::vector<FieldProblem>& problems);
ApiError not_found(std::string_view what, std::int64_t id);
ApiError no_such_path(std::string_view path);
ApiError not_unique(std::string_view field);
ApiError limit_exceeded(std::string_view message, std::string_view limit);
ApiError locked(std::string_view what);
ApiError is_protected(std::string_view what);
ApiError removed_endpoint(std::string_view what, std::string_view announcement);
ApiError unauthorized();
ApiError token_readonly();
ApiError method_not_allowed();
ApiError json_error();
ApiError conflict();
ApiError rate_limited(int limit);
ApiError server_error();
ApiError timed_out();

}  // namespace vipd::hcloudsim
