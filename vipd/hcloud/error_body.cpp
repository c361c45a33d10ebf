#include "vipd/hcloud/error_body.h"

#include <utility>

#include "base/json.h"
#include "vipd/hcloud/text.h"

namespace vipd::hcloud {
namespace {

using base::Json;

std::string names_of(const Json& error) {
  std::string names;
  const auto details = error.find("details");
  if (details == error.end() || !details->is_object()) return names;
  const auto fields = details->find("fields");
  if (fields == details->end() || !fields->is_array()) return names;
  for (const Json& field : *fields) {
    if (!field.is_object()) continue;
    if (!names.empty()) names += ", ";
    names += base::json_text(field, "name").value_or("");
  }
  return names;
}

}  // namespace

std::optional<ErrorBody> read_error_body(std::string_view body) {
  const auto json = base::parse_json(body);
  if (!json.ok() || !json->is_object()) return std::nullopt;
  const auto error = json->find("error");
  if (error == json->end() || !error->is_object()) return std::nullopt;
  auto code = base::json_text(*error, "code");
  if (!code || code->empty()) return std::nullopt;
  return ErrorBody{.code = for_log(*std::move(code)),
                   .message = for_log(base::json_text(*error, "message").value_or("no message")),
                   .fields = for_log(names_of(*error))};
}

}  // namespace vipd::hcloud
