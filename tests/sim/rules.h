// The rules that say something when they fire (ARCHITECTURE.md), so that a run can be asked
// whether it met them. A rule that never speaks is not listed; a new one that does must be.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace vipd::sim {

inline constexpr std::array<std::string_view, 30> kSaid = {
    "E3",  "E4",  "E6",  "E8",  "E11", "E12", "E13", "E14", "E15", "E16",
    "E18", "E20", "E21", "E22", "E23", "A1",  "A5",  "A6",  "A10", "A13",
    "A14", "A15", "A16", "A18", "A19", "A20", "N2",  "N3",  "N5",  "N6"};
inline constexpr std::size_t kRules = kSaid.size();

}  // namespace vipd::sim
