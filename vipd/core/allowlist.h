// Whether a declared Floating IP is at Hetzner what vipd.yaml says (rule A20). Pure; vipd and
// vipctl judge by the same words.
#pragma once

#include <string>
#include <vector>

#include "vipd/core/config.h"

namespace vipd::core {

struct Verdict {
  bool allowed = false;
  std::string why_not;              // and what to do about it
  const FloatingIp* fip = nullptr;  // the one that was found, in `fips`
};

[[nodiscard]] Verdict judge(const Config& config, const DeclaredFip& declared,
                            const std::vector<FloatingIp>& fips);

}  // namespace vipd::core
