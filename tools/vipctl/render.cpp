#include "tools/vipctl/render.h"

#include <ostream>

#include "tools/vipctl/image_reference.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {

namespace {

absl::StatusOr<shell::Settings> settings_in(const std::string& file, bool reserving) {
  shell::SettingSources sources;
  sources.config_file = file;
  sources.named_with = "-f";
  sources.reserving = reserving;
  auto settings = shell::load_settings(sources);
  if (!settings.ok()) return absl::InvalidArgumentError(settings.status().message());
  return settings;
}

}  // namespace

absl::StatusOr<shell::Settings> declared_settings(const std::string& file) {
  return settings_in(file, false);
}

absl::StatusOr<shell::Settings> settings_to_reserve(const std::string& file) {
  return settings_in(file, true);
}

absl::StatusOr<std::string> static_pod_of(const shell::Settings& settings,
                                          const RenderRequest& request) {
  const auto image = pinned_image(request.image);
  return image.ok() ? static_pod(settings, *image) : image.status();
}

absl::StatusOr<std::string> daemonset_of(const shell::Settings& settings,
                                         const RenderRequest& request) {
  const auto image = pinned_image(request.image);
  return image.ok() ? token_daemonset(settings, *image, request.from) : image.status();
}

int render_manifest(Manifest manifest, const std::string& file, const RenderRequest& request,
                    const Environment& around) {
  const auto settings = declared_settings(file);
  const auto text = settings.ok() ? manifest(*settings, request) : settings.status();
  if (!text.ok()) {
    around.err << "vipctl: " << text.status().message() << "\n";
    return shell::kWrongUsage;
  }
  around.out << *text;
  return shell::kFine;
}

}  // namespace vipd::vipctl
