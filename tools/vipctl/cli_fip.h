// The command lines of `vipctl reserve` and `vipctl fip`. Parts of cli.cpp.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "tools/vipctl/cli_render.h"
#include "tools/vipctl/fip.h"
#include "tools/vipctl/fip_assign.h"
#include "tools/vipctl/reserve.h"

namespace vipd::vipctl {

struct ReserveLine {
  ReserveOptions options;
  std::string timeout = "60s";
};

struct FipLine {
  std::string file;  // vipd.yaml; empty: none
  FipView view;
  FipAssign assign;
  std::string timeout = "60s";
};

void add_reserve(CLI::App& app, ReserveLine& line, const Environment& around, const OnCommand& on);
void add_fip(CLI::App& app, FipLine& line, const Environment& around, const OnCommand& on);

}  // namespace vipd::vipctl
