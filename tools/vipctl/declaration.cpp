#include "tools/vipctl/declaration.h"

#include <utility>

#include "base/file.h"
#include "base/url.h"

namespace vipd::vipctl {

std::vector<certsans::Wanted> wanted_names(const shell::Settings& settings,
                                           const std::string& old_endpoint) {
  const auto& said = settings.endpoint;
  certsans::Declared declared;
  for (const auto& each : settings.addresses) {
    declared.addresses.push_back(each.address.text());
  }
  declared.host = said.host.empty() ? declared.addresses.front() : said.host;
  declared.names = said.names;
  declared.spares = said.spares;
  if (const auto old = base::Url::parse(old_endpoint); old.ok()) declared.old_host = old->host;
  return certsans::wanted_set(declared);
}

absl::StatusOr<talos::Declaration> declaration_of(const shell::Settings& settings,
                                                  const Overrides& overrides) {
  const auto& said = settings.endpoint;
  talos::Declaration declared;
  for (const auto& each : settings.addresses) {
    declared.addresses.push_back(each.address.text());
  }
  declared.host = said.host.empty() ? declared.addresses.front() : said.host;
  declared.port = settings.apiserver.port;
  declared.sans = certsans::names_of(wanted_names(settings, ""));
  declared.old_endpoint = overrides.old_endpoint.empty() ? said.old : overrides.old_endpoint;
  for (const auto& each : settings.core.node_subnets) declared.node_subnets.push_back(each.text());
  const std::string& version =
      overrides.talos_version.empty() ? settings.talos.version : overrides.talos_version;
  if (!version.empty()) {
    auto parsed = talos::parse_version(version);
    if (!parsed.ok()) return parsed.status();
    declared.version = *parsed;
  }
  return declared;
}

absl::StatusOr<Ground> ground_of(const std::string& live_file,
                                 const talos::Declaration& declaration) {
  Ground ground;
  if (live_file.empty()) {
    if (!declaration.version) {
      return absl::InvalidArgumentError(
          "which form of config to write depends on Talos: set talos.version in vipd.yaml, or give "
          "--talos-version, or a control plane's config with --live");
    }
    ground.form = talos::form_of(*declaration.version);
    return ground;
  }
  // One byte more than it takes, so that the refusal says what is wrong with it.
  auto text = base::read_file(live_file, talos::kMostBytes + 1);
  // A folder's errno counts as FailedPrecondition, which would be a refusal (exit code 1).
  if (absl::IsFailedPrecondition(text.status())) {
    return absl::InvalidArgumentError(text.status().message());
  }
  if (!text.ok()) return text.status();
  auto live = talos::read_machine_config(*std::move(text), live_file);
  if (!live.ok()) return live.status();
  const auto form = talos::form_of(*live);
  if (!form.ok()) return form.status();
  if (declaration.version) {
    const auto status = talos::check_version(*live, *declaration.version);
    if (!status.ok()) return status;
  }
  ground.live = *std::move(live);
  ground.form = *form;
  return ground;
}

}  // namespace vipd::vipctl
