// `vipd status`: once, or again with every change until interrupted.
#pragma once

#include <iosfwd>

#include "base/clock.h"
#include "vipd/shell/client.h"

namespace vipd::shell {

struct StatusView {
  bool json = false;   // else a table; with `watch`, one document a line
  bool watch = false;
  bool clear = false;  // `out` is a terminal: redraw in place
};

// The exit code: 0 fine, 3 no answer.
int show_status(Client& client, const base::Clock& clock, StatusView view, std::ostream& out,
                std::ostream& err);

}  // namespace vipd::shell
