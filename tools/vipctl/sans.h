// `vipctl sans list|check`: the names that certificates are to carry, and what servers show.
//
// Exit codes  0 fine; check: 1 findings, 2 wrong usage, 3 none, but something was not reached.
// Network     check: TLS handshakes with servers, all at once; no request, no credentials.
#pragma once

#include <string>
#include <vector>

#include "tools/vipctl/environment.h"
#include "tools/vipctl/sans_servers.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

struct SansView {
  std::string file;               // vipd.yaml, for the next commands that are named
  bool finalized = false;         // nobody uses the old endpoint any more
  std::string old_endpoint;       // URL; empty: as vipd.yaml has it
  NodeSources nodes;
  std::vector<std::string> ca_files;
  int min_days = 30;
  std::string timeout = "5s";
  std::string only;               // "apiserver", "apid" or empty
  std::string format = "table";   // or json, yaml; check: wide
};

int list_sans(const SansView& view, const shell::Settings& settings, const Environment& around);
int check_sans(const SansView& view, const shell::Settings& settings, const Environment& around);

}  // namespace vipd::vipctl
