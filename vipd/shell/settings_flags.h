// Settings from the command line and the environment, by the table.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "vipd/shell/settings.h"

namespace vipd::shell {

// Adds --config and one flag for each setting. `sources` is filled while CLI11 parses and must
// live until then.
void add_settings_flags(CLI::App& app, SettingSources& sources);

// VIPD_* variables out of `environment` ("NAME=value", ended by a null pointer, as main() has
// it). VIPD_CONFIG names the file where `sources` does not yet. Others that begin with VIPD_ are
// left alone (Kubernetes makes some for a Service called vipd), unless they look like a slip of
// the pen: then load_settings() refuses them.
void take_environment(const char* const* environment, SettingSources& sources);

}  // namespace vipd::shell
