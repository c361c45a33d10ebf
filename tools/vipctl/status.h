// `vipctl status`: what one vipd says of itself, over its socket or its read-only TCP side.
//
// Exit codes  0 fine, 3 no answer.
#pragma once

#include <string>

#include "tools/vipctl/environment.h"

namespace vipd::vipctl {

struct StatusView {
  std::string socket;
  std::string address;           // HOST:PORT; empty: the socket
  std::string format = "table";  // table, json, yaml
};

int show_status(const StatusView& view, const Environment& around);

}  // namespace vipd::vipctl
