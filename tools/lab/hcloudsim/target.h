// A request's target, taken apart: path segments and query.
//
// Source  RFC 3986; "+" in a query is a space, as HTML forms and Go's url.Values write it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/lab/hcloudsim/resources.h"

namespace vipd::hcloudsim {

struct Target {
  std::string path;                   // as sent, without the query
  std::vector<std::string> segments;  // decoded, of the path
  std::vector<std::pair<std::string, std::string>> query;

  static Target parse(std::string_view text);
  // The first value of that name.
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
  // The target again with other paging: "/v1/servers?name=a&page=2&per_page=25".
  [[nodiscard]] std::string with_page(int page, int per_page) const;
};

// What stands at the wildcards of "/servers/{id}/x", in order; nothing where the path has another
// form. {id} takes ids only, {text} anything.
[[nodiscard]] std::optional<std::vector<std::string>> match_path(
    std::string_view pattern, const std::vector<std::string>& segments);

// A positive decimal number of at most 2^53 - 1, without sign or spaces.
[[nodiscard]] std::optional<Id> parse_id(std::string_view text);

}  // namespace vipd::hcloudsim
