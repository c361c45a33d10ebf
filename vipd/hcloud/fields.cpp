#include "vipd/hcloud/fields.h"

#include <utility>

#include <fmt/format.h>

#include "vipd/hcloud/messages.h"

namespace vipd::hcloud {
namespace {

const base::Json& nothing() {
  static const base::Json object = base::Json::object();
  return object;
}

}  // namespace

Fields::Fields(const base::Json* object, std::string path, absl::Status& problem)
    : object_(object), path_(std::move(path)), problem_(&problem) {
  if (object_ != nullptr && object_->is_object()) return;
  object_ = &nothing();
  if (problem.ok()) {
    problem = absl::InvalidArgumentError(
        fmt::format("{} is not an object", path_.empty() ? "the answer" : path_));
  }
}

std::string Fields::text(const char* field) const {
  return take(base::json_text(*object_, field), field, "a text");
}

bool Fields::flag(const char* field) const {
  return take(base::json_bool(*object_, field), field, "true or false");
}

std::int64_t Fields::id(const char* field) const {
  const std::int64_t id = take(base::json_integer(*object_, field), field, "an id");
  if (id >= 1 && id <= kLargestId) return id;
  fail(field, "an id");
  return 0;
}

std::optional<std::int64_t> Fields::id_or_null(const char* field) const {
  if (is_null(field)) return std::nullopt;
  return id(field);
}

base::IpAddress Fields::address(const char* field) const {
  const auto address = base::IpAddress::parse(text(field));
  if (address.ok()) return *address;
  fail(field, "an address");
  return {};
}

std::map<std::string, std::string> Fields::texts(const char* field) const {
  std::map<std::string, std::string> result;
  const Fields map = object(field);
  for (const auto& item : map.object_->items()) {
    result.emplace(item.key(), map.text(item.key().c_str()));
  }
  return result;
}

Fields Fields::object(const char* field) const {
  return Fields(find(field), name(field), *problem_);
}

std::vector<Fields> Fields::list(const char* field) const {
  std::vector<Fields> result;
  const base::Json* array = find(field);
  if (array == nullptr || !array->is_array()) {
    fail(field, "a list");
    return result;
  }
  result.reserve(array->size());
  for (const base::Json& item : *array) {
    result.emplace_back(&item, fmt::format("{}[{}]", name(field), result.size()), *problem_);
  }
  return result;
}

bool Fields::is_null(const char* field) const {
  const base::Json* value = find(field);
  return value != nullptr && value->is_null();
}

void Fields::fail(const char* field, const char* expected) const {
  if (!problem_->ok()) return;
  *problem_ = absl::InvalidArgumentError(fmt::format("{} is not {}", name(field), expected));
}

template <typename T>
T Fields::take(std::optional<T> value, const char* field, const char* expected) const {
  if (!value) fail(field, expected);
  return std::move(value).value_or(T{});
}

const base::Json* Fields::find(const char* field) const {
  const auto at = object_->find(field);
  return at == object_->end() ? nullptr : &*at;
}

std::string Fields::name(const char* field) const {
  return path_.empty() ? field : fmt::format("{}.{}", path_, field);
}

}  // namespace vipd::hcloud
