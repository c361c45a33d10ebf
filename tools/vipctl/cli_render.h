// The command line of `vipctl render`. A part of cli.cpp.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "tools/vipctl/alternatives.h"
#include "tools/vipctl/render_phase.h"

namespace vipd::vipctl {

struct RenderLine {
  std::string file;  // vipd.yaml
  PhaseOptions phase;
  AlternativeOptions alternative;
  std::function<int()> chosen;  // a subcommand of render
};

// --live, --talos-version, --old-endpoint, --out, --layout, --check.
void add_patch_options(CLI::App& app, PhaseOptions& options);

// `on` runs its command once the whole line is understood.
using OnCommand = std::function<void(CLI::App*, std::function<int()>)>;
void add_render(CLI::App& app, RenderLine& line, const Environment& around, const OnCommand& on);

}  // namespace vipd::vipctl
