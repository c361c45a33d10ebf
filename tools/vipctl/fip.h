// `vipctl fip list|show`: the Floating IPs at Hetzner, beside what vipd.yaml declares.
//
// With vipd.yaml  only those that carry its labels, and each declared one is judged as the
//                 daemon would (rule A20). One that it would not touch is a finding.
// Without         all of the token's project.
// Strays          `list` names what is paid for and serves nothing: with vipd.yaml those of its
//                 labels that are neither declared nor spares, without it those assigned to no
//                 server; and the price of each and of all, where Hetzner tells it. They are no
//                 findings: an address may be kept on purpose.
// JSON            list: {"version":1,"floatingIps":[{id,name,ip,type,location,server,labels,
//                 blocked,protected,declared?,stray,pricePerMonth}],"pricePerMonth",
//                 "straysPricePerMonth"}; a price is {currency,net,gross} or null. declared:
//                 yes, spare, no, or why the daemon would not touch it. stray: why, or null.
//                 show: one of these without the prices.
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
