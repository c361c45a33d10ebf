#include "vipd/shell/settings_flags.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/nearest.h"
#include "vipd/shell/settings_table.h"

namespace vipd::shell {
namespace {

using Shape = ValueKind::Shape;
constexpr std::string_view kPrefix = "VIPD_";
constexpr std::string_view kConfigVariable = "VIPD_CONFIG";

bool is_many(const Setting& setting) {
  return setting.kind.shape != Shape::kSwitch && setting.kind.shape != Shape::kSingle;
}

Items split(std::string_view text) {
  Items items;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    items.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

Items items_of(const Setting& setting, const std::string& text) {
  return is_many(setting) ? split(text) : Items{text};
}

std::string help_of(const Setting& setting, const Settings& defaults) {
  const std::string value = setting.show(defaults);
  return fmt::format("{}{} [{}]", setting.help,
                     value.empty() ? "" : fmt::format(" (default {})", value),
                     variable_of(setting.path));
}

void add_flag(CLI::App& app, const Setting& setting, const Settings& defaults,
              GivenSettings& flags) {
  const std::string flag = flag_of(setting.path);
  const auto give = [&flags, setting, flag](const CLI::results_t& texts) {
    GivenSetting given{.items = {}, .where = flag};
    for (const std::string& text : texts) {
      for (std::string& item : items_of(setting, text)) given.items.push_back(std::move(item));
    }
    flags[setting.path] = std::move(given);
    return true;
  };
  CLI::Option* option = app.add_option(flag, give, help_of(setting, defaults));
  option->type_name(std::string(setting.kind.name));
  if (setting.kind.shape == Shape::kSwitch) option->expected(0, 1)->default_str("true");
  if (is_many(setting)) option->take_all();
}

// Known to CLI11, or its own complaint would quote the token.
void add_refused_flag(CLI::App& app, const std::string& path, GivenSettings& flags) {
  const std::string flag = flag_of(path);
  const auto refuse = [&flags, path, flag](const CLI::results_t&) {
    flags[path] = {.items = {}, .where = flag};
    return true;
  };
  app.add_option(flag, refuse)->group("");  // not in the help
}

// The common prefix would make everything look near.
std::string nearest_variable(const std::string& name, std::vector<std::string> known) {
  for (std::string& each : known) each.erase(0, kPrefix.size());
  const std::string meant = base::nearest(name.substr(kPrefix.size()), known);
  return meant.empty() ? "" : std::string(kPrefix) + meant;
}

struct Variable {
  std::string name;
  std::string value;
};

void take_variable(const Variable& variable, const std::vector<Setting>& table,
                   SettingSources& sources) {
  if (variable.name == kConfigVariable) {
    if (!sources.config_file) sources.config_file = variable.value;
    return;
  }
  std::vector<std::string> names;
  for (const Setting& setting : table) {
    names.push_back(variable_of(setting.path));
    if (names.back() != variable.name) continue;
    sources.environment[setting.path] = {.items = items_of(setting, variable.value),
                                         .where = variable.name};
    return;
  }
  for (const std::string& path : token_paths()) {
    if (variable.name != variable_of(path)) continue;
    sources.environment[path] = {.items = {}, .where = variable.name};
    return;
  }
  if (const std::string meant = nearest_variable(variable.name, names); !meant.empty()) {
    sources.problems.push_back(
        fmt::format("{}: unknown variable; did you mean {}?", variable.name, meant));
  }
}

}  // namespace

void add_settings_flags(CLI::App& app, SettingSources& sources) {
  app.add_option("--config", sources.config_file,
                 fmt::format("vipd.yaml (default {}) [{}]", kDefaultConfigFile, kConfigVariable))
      ->type_name("FILE");
  const Settings defaults;
  for (const Setting& setting : settings_table()) add_flag(app, setting, defaults, sources.flags);
  for (const std::string& path : token_paths()) add_refused_flag(app, path, sources.flags);
}

void take_environment(const char* const* environment, SettingSources& sources) {
  const std::vector<Setting> table = settings_table();
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const auto equals = entry.find('=');
    if (entry.rfind(kPrefix, 0) != 0 || equals == entry.npos) continue;
    take_variable({std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1))},
                  table, sources);
  }
}

}  // namespace vipd::shell
