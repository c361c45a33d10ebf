// The command line of `vipctl sans`. A part of cli.cpp.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/vipctl/cli_render.h"
#include "tools/vipctl/sans.h"

namespace vipd::vipctl {

struct SansLine {
  SansView view;
  PhaseOptions phase;  // of render
};

void add_sans(CLI::App& app, SansLine& line, const Environment& around, const OnCommand& on);

}  // namespace vipd::vipctl
