// What `diff -u` would say of two small texts. Pure.
#pragma once

#include <string>

namespace vipd::vipctl {

// Empty where they are equal.
[[nodiscard]] std::string unified_diff(const std::string& before, const std::string& after,
                                       const std::string& name_before,
                                       const std::string& name_after);

}  // namespace vipd::vipctl
