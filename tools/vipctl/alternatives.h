// `vipctl render native-vip` and `render load-balancer`: for those who choose otherwise. Nothing
// is created anywhere; the table of the three is printed with each.
//
// Secrets  None is taken: where Talos wants the token stands ${HCLOUD_TOKEN}, for whatever puts a
//          config together to fill in.
// Source   facts/talos.md 1.1 to 1.3 and 3.4; Hetzner's documentation of load balancers.
#pragma once

#include <string>

#include "tools/vipctl/render_phase.h"

namespace vipd::vipctl {

struct AlternativeOptions {
  PhaseOptions phase;       // live, overrides, out, layout, check
  std::string link;         // native-vip: "eth0", as Talos names it
  std::string address;      // load-balancer: its address, once it is there
  std::string location = "fsn1";
  std::string network;      // load-balancer: name of the private one
  std::string selector;     // load-balancer: label of the control planes
};

int render_native_vip(const AlternativeOptions& options, const std::string& file,
                      const Environment& around);
int render_load_balancer(const AlternativeOptions& options, const std::string& file,
                         const Environment& around);

}  // namespace vipd::vipctl
