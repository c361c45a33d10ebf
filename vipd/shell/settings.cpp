#include "vipd/shell/settings.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/ip.h"
#include "base/url.h"
#include "base/yaml.h"
#include "vipd/shell/settings_check.h"
#include "vipd/shell/settings_table.h"
#include "vipd/shell/settings_yaml.h"

namespace vipd::shell {
namespace {

using Problems = std::vector<std::string>;

absl::StatusOr<GivenByYaml> read_config_file(const SettingSources& sources,
                                             const std::vector<Setting>& table) {
  const std::optional<std::string>& chosen = sources.config_file;
  const std::string path = chosen.value_or(kDefaultConfigFile);
  const auto text = base::read_file(path);
  if (!chosen && absl::IsNotFound(text.status())) return GivenByYaml{};
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        fmt::format("{}; name the file of settings with {}",
                                    std::string(text.status().message()), sources.named_with));
  }
  const auto root = base::parse_yaml(*text, path);
  if (!root.ok()) return root.status();
  return settings_from_yaml(*root, table, sources.reserving);
}

// The strongest source wins whole: a list is replaced, not added to.
GivenSettings merged(GivenSettings file, const SettingSources& sources) {
  for (const GivenSettings* stronger : {&sources.environment, &sources.flags}) {
    for (const auto& [path, given] : *stronger) file[path] = given;
  }
  return file;
}

void apply(const std::vector<Setting>& table, GivenSettings& given, Settings& settings,
           Problems& problems) {
  for (const Setting& setting : table) {
    const auto found = given.find(setting.path);
    if (found == given.end() || found->second.malformed) continue;
    const absl::Status status = setting.set(found->second.items, settings);
    if (status.ok()) continue;
    found->second.malformed = true;
    problems.push_back(fmt::format("{}: {}: {}", found->second.where, setting.path,
                                   std::string(status.message())));
  }
}

// A token in a file of settings, on a command line or in an environment is a token that leaks.
void refuse_tokens(const GivenSettings& given, Problems& problems) {
  for (const std::string& path : token_paths()) {
    const auto found = given.find(path);
    if (found == given.end()) continue;
    problems.push_back(fmt::format(
        "{}: a token is not taken here: put it into a file that only vipd can read and name that "
        "in hcloud.tokenFile ({})",
        found->second.where, flag_of("hcloud.tokenFile")));
  }
}

void derive(Settings& settings, bool reserving) {
  settings.core.version = VIPD_VERSION;
  for (const DeclaredAddress& each : settings.addresses) {
    if (reserving && !each.is_complete()) continue;
    settings.core.fips.push_back({each.id, each.address});
  }
  if (settings.socket.empty()) settings.socket = settings.state_dir + "/vipd.sock";
}

// The setting that a problem begins with, as all of core::validate()'s and ours do.
std::string_view setting_of(std::string_view problem) {
  return problem.substr(0, problem.find_first_of(" :"));
}

// Adds where the setting stands. Says nothing about one that could not be read: that is said.
void add_relations(const GivenSettings& given, const Problems& found, Problems& problems) {
  for (const std::string& problem : found) {
    const auto setting = given.find(std::string(setting_of(problem)));
    if (setting == given.end()) {
      problems.push_back(problem);
    } else if (!setting->second.malformed) {
      problems.push_back(fmt::format("{}: {}", setting->second.where, problem));
    }
  }
}

}  // namespace

absl::StatusOr<Settings> load_settings(const SettingSources& sources) {
  const std::vector<Setting> table = settings_table();
  auto file = read_config_file(sources, table);
  if (!file.ok()) return file.status();

  Settings settings;
  Problems problems = std::move(file->problems);
  problems.insert(problems.end(), sources.problems.begin(), sources.problems.end());
  GivenSettings given = merged(std::move(file->settings), sources);
  refuse_tokens(given, problems);
  apply(table, given, settings, problems);
  derive(settings, sources.reserving);
  add_relations(given, settings_problems(settings), problems);
  if (problems.empty()) return settings;
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(problems, "\n")));
}

absl::StatusOr<ListenAddress> parse_listen(std::string_view text) {
  const auto unreadable = [&] {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" is not ADDRESS:PORT, such as 127.0.0.1:9479 or [::1]:9479", text));
  };
  const auto colon = text.rfind(':');
  if (colon == text.npos) return unreadable();
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = base::IpAddress::parse(host);
  if (!address.ok() || bracketed != (address->family == base::Family::kV6)) return unreadable();

  ListenAddress listen{.address = address->text()};
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, listen.port);
  if (error != std::errc() || end != last || listen.port == 0) return unreadable();
  return listen;
}

}  // namespace vipd::shell
