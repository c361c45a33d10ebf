// Takes typed fields out of a JSON object; the first that is not what it must be becomes the
// problem, and everything taken after it is a default value. So a reader is written without a
// branch for each field, and asks once at its end.
//
// Lifetime  The document and the problem outlive every Fields made from them.
// Errors    InvalidArgument naming the field, never its value: "action.id is not an id".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/ip.h"
#include "base/json.h"

namespace vipd::hcloud {

class Fields {
 public:
  // A null `object` is a field that is missing.
  Fields(const base::Json* object, std::string path, absl::Status& problem);

  [[nodiscard]] std::string text(const char* field) const;
  [[nodiscard]] bool flag(const char* field) const;
  [[nodiscard]] std::int64_t id(const char* field) const;
  [[nodiscard]] std::optional<std::int64_t> id_or_null(const char* field) const;
  [[nodiscard]] base::IpAddress address(const char* field) const;
  [[nodiscard]] std::map<std::string, std::string> texts(const char* field) const;
  [[nodiscard]] Fields object(const char* field) const;
  [[nodiscard]] std::vector<Fields> list(const char* field) const;  // of objects
  // True where the field is there and null: one that is missing is a problem, null is not.
  [[nodiscard]] bool is_null(const char* field) const;

  void fail(const char* field, const char* expected) const;

 private:
  template <typename T>
  T take(std::optional<T> value, const char* field, const char* expected) const;
  [[nodiscard]] const base::Json* find(const char* field) const;
  [[nodiscard]] std::string name(const char* field) const;

  const base::Json* object_;
  std::string path_;
  absl::Status* problem_;
};

}  // namespace vipd::hcloud
