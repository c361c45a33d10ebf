// Whom `vipctl sans check` looks at: the stable endpoint, and each control plane's apiserver and
// apid.
//
// Errors  InvalidArgument: a node that is none. Of a talosconfig that was named: talosconfig.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "certsans/prober.h"
#include "talos/endpoint.h"
#include "tools/vipctl/environment.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

struct NodeSources {
  std::vector<std::string> nodes;  // --nodes: HOST or HOST:PORT of its apid
  std::string talosconfig;         // --talosconfig
  std::string context;             // --context
};

struct Nodes {
  std::vector<talos::Endpoint> endpoints;  // empty: nobody says
  std::string from;          // "--nodes", "FILE, context prod"; else why there are none
  std::string talos_ca_pem;  // of that context; empty: not known
};

// --nodes, else the endpoints of a talosconfig. One that nobody named and that is no use is no
// error: `from` says what is wrong with it.
absl::StatusOr<Nodes> nodes_from(const NodeSources& sources, const Environment& around);

// Each once. `only`: of the services, where not both are asked for. apid of the stable address
// only where it is among the nodes, as in a talosconfig that leads there.
[[nodiscard]] std::vector<certsans::Target> servers_of(const shell::Settings& settings,
                                                       const Nodes& nodes,
                                                       std::optional<certsans::Service> only);

}  // namespace vipd::vipctl
