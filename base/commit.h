// Which commit a program was built from: 40 hex digits, with "-dirty" behind them where files were
// changed since; "unknown" outside a checkout. Written by commit.cmake. Only main() asks, so that
// a new commit links nothing else anew.
#pragma once

#include <string_view>

namespace vipd::base {

[[nodiscard]] std::string_view commit();

}  // namespace vipd::base
