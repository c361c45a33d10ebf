// `vipd status`: once, or again with every change until interrupted.
#pragma once

#include <iosfwd>
#include <string>

#include "base/clock.h"
#include "vipd/shell/client.h"

namespace vipd::shell {

struct StatusView {
  std::string format = "table";  // or json (with `watch`, one document a line) or yaml
  bool watch = false;
  bool clear = false;  // `out` is a terminal: redraw a table in place
};

// The exit code: 0 fine, 3 no answer.
int show_status(Client& client, const base::Clock& clock, const StatusView& view,
                std::ostream& out, std::ostream& err);

}  // namespace vipd::shell
