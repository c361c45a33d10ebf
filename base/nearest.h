// "Did you mean": the known word that a mistyped one most likely stands for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vipd::base {

// Empty where nothing is near: more than about a third of the letters would have to change.
// Upper and lower case, '-' and '_' count as the same.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace vipd::base
