// Reads a request's JSON object field by field and remembers every problem, so that one answer
// names them all, as the API does (422 invalid_input, details.fields).
//
// A field that is null counts as missing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "tools/lab/hcloudsim/api_error.h"
#include "tools/lab/hcloudsim/resources.h"

namespace vipd::hcloudsim {

class Fields {
 public:
  explicit Fields(const base::Json& object) : object_(object) {}

  std::optional<std::string> text(const std::string& name);
  std::optional<Id> id(const std::string& name);
  std::optional<bool> flag(const std::string& name);
  // Any integer of 0 or more.
  std::optional<std::int64_t> count(const std::string& name);
  std::optional<Labels> labels(const std::string& name);
  std::optional<std::vector<std::string>> texts(const std::string& name);
  // One of `allowed`.
  std::optional<std::string> choice(const std::string& name,
                                    const std::vector<std::string>& allowed);

  // Notes that the field is missing, where `value` is empty and nothing else was wrong with it.
  template <class T>
  const std::optional<T>& required(const std::string& name, const std::optional<T>& value) {
    if (!value && !complained_about(name)) complain(name, "is required");
    return value;
  }
  void complain(const std::string& name, std::string problem);
  [[nodiscard]] std::optional<ApiError> problem() const;

 private:
  // Null where it is missing.
  [[nodiscard]] const base::Json* find(const std::string& name) const;
  [[nodiscard]] bool complained_about(const std::string& name) const;

  const base::Json& object_;
  std::vector<FieldProblem> problems_;
};

}  // namespace vipd::hcloudsim
