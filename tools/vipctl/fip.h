// `vipctl fip list|show`: the Floating IPs at Hetzner, beside what vipd.yaml declares.
//
// With vipd.yaml  only those that carry its labels, and each declared one is judged as the
//                 daemon would (rule A20). One that it would not touch is a finding.
// Without         all of the token's project.
// Exit codes      0 fine, 1 findings or no such Floating IP, 2 endpoint or token unusable,
//                 3 the API did not tell.
#pragma once

#include <optional>
#include <string>

#include "tools/vipctl/environment.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

struct FipView {
  std::optional<shell::Settings> declared;
  std::string format = "table";  // table, json, yaml
  std::string wanted;            // id, name or address; empty: all
};

int show_floating_ips(const FipView& view, const Environment& around);

}  // namespace vipd::vipctl
