#include "tools/vipctl/pod_settings.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "vipd/shell/settings_flags.h"
#include "vipd/shell/settings_table.h"

namespace vipd::vipctl {
namespace {

using shell::Setting;
using shell::Settings;

// True where the daemon reads `text` as what `setting` is in `settings`.
bool survives(const Setting& setting, const std::string& text, const Settings& settings) {
  const std::string name = shell::variable_of(setting.path);
  const std::string entry = name + "=" + text;
  const char* const environment[] = {entry.c_str(), nullptr};
  shell::SettingSources sources;
  shell::take_environment(environment, sources);
  const auto given = sources.environment.find(setting.path);
  Settings read;
  return given != sources.environment.end() && setting.set(given->second.items, read).ok() &&
         setting.show(read) == setting.show(settings);
}

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || path.rfind(folder + "/", 0) == 0;
}

}  // namespace

absl::StatusOr<Variables> pod_variables(const Settings& settings) {
  Settings defaults;
  defaults.socket = settings.state_dir + "/vipd.sock";  // follows from stateDir
  Variables variables;
  for (const Setting& setting : shell::settings_table()) {
    const std::string text = setting.show(settings);
    if (setting.for_vipctl || text == setting.show(defaults)) continue;
    if (!survives(setting, text, settings)) {
      return absl::InvalidArgumentError(fmt::format(
          "{} cannot be given to a pod: as a variable it would be \"{}\"; use no commas and equals "
          "signs in names and values",
          setting.path, text));
    }
    variables.emplace_back(shell::variable_of(setting.path), text);
  }
  return variables;
}

absl::StatusOr<std::string> folder_of(const std::string& setting, const std::string& path) {
  const std::filesystem::path whole = std::filesystem::path(path).lexically_normal();
  if (whole.is_absolute() && whole.has_filename() && whole.parent_path() != "/") {
    return whole.parent_path().string();
  }
  return absl::InvalidArgumentError(fmt::format(
      "{} is \"{}\": a pod needs an absolute path, in a folder that it can mount", setting, path));
}

absl::StatusOr<std::vector<std::string>> read_only_folders(const Settings& settings) {
  const std::pair<const char*, const std::string&> files[] = {
      {"etcd.ca", settings.etcd.ca},
      {"etcd.cert", settings.etcd.cert},
      {"etcd.key", settings.etcd.key},
      {"apiserver.ca", settings.apiserver.ca},
      {"apiserver.cert", settings.apiserver.cert},
      {"apiserver.key", settings.apiserver.key},
      {"hcloud.ca", settings.hcloud.ca_file},
      {"hcloud.tokenFile", settings.hcloud.token_file}};
  std::vector<std::string> folders;
  for (const auto& [setting, path] : files) {
    if (path.empty()) continue;  // hcloud.ca: the image has the public CAs
    const auto folder = folder_of(setting, path);
    if (!folder.ok()) return folder.status();
    const bool known = is_below(*folder, settings.state_dir) ||
                       std::find(folders.begin(), folders.end(), *folder) != folders.end();
    if (!known) folders.push_back(*folder);
  }
  return folders;
}

}  // namespace vipd::vipctl
