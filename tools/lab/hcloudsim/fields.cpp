#include "tools/lab/hcloudsim/fields.h"

#include <algorithm>

#include <fmt/format.h>
#include "tools/lab/hcloudsim/label_selector.h"

namespace vipd::hcloudsim {

using base::Json;

const Json* Fields::find(const std::string& name) const {
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool Fields::complained_about(const std::string& name) const {
  return std::any_of(problems_.begin(), problems_.end(),
                     [&](const FieldProblem& each) { return each.field == name; });
}

void Fields::complain(const std::string& name, std::string problem) {
  problems_.push_back({name, std::move(problem)});
}

std::optional<ApiError> Fields::problem() const {
  if (problems_.empty()) return std::nullopt;
  return invalid_input(problems_);
}

std::optional<std::string> Fields::text(const std::string& name) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  complain(name, "must be a string");
  return std::nullopt;
}

std::optional<std::int64_t> Fields::count(const std::string& name) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  const bool fits = found->is_number_unsigned() && found->get<std::uint64_t>() <= kLargestId;
  if (fits) return found->get<std::int64_t>();
  complain(name, "must be an integer from 0 to 2^53 - 1");
  return std::nullopt;
}

std::optional<Id> Fields::id(const std::string& name) {
  const auto value = count(name);
  if (value != 0) return value;
  complain(name, "must be an integer from 1 to 2^53 - 1");
  return std::nullopt;
}

std::optional<bool> Fields::flag(const std::string& name) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_boolean()) return found->get<bool>();
  complain(name, "must be true or false");
  return std::nullopt;
}

std::optional<Labels> Fields::labels(const std::string& name) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  Labels labels;
  bool good = found->is_object();
  for (const auto& [key, value] : found->items()) {
    good = good && is_label_key(key) && value.is_string() &&
           is_label_value(value.get_ref<const std::string&>());
    if (good) labels[key] = value.get<std::string>();
  }
  if (good) return labels;
  complain(name, "must be an object of valid label keys and values");
  return std::nullopt;
}

std::optional<std::vector<std::string>> Fields::texts(const std::string& name) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  const bool good = found->is_array() && std::all_of(found->begin(), found->end(),
                                                     [](const Json& e) { return e.is_string(); });
  if (good) return found->get<std::vector<std::string>>();
  complain(name, "must be a list of strings");
  return std::nullopt;
}

std::optional<std::string> Fields::choice(const std::string& name,
                                          const std::vector<std::string>& allowed) {
  auto value = text(name);
  if (!value || std::find(allowed.begin(), allowed.end(), *value) != allowed.end()) return value;
  complain(name, fmt::format("must be one of {}", fmt::join(allowed, ", ")));
  return std::nullopt;
}

}  // namespace vipd::hcloudsim
