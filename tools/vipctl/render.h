// `vipctl render pod|token-daemonset`: reads vipd.yaml, prints a manifest.
//
// Exit codes  0 fine, 2 vipd.yaml or the image reference is no use.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tools/vipctl/environment.h"
#include "tools/vipctl/pod.h"

namespace vipd::vipctl {

struct RenderRequest {
  std::string image;
  SecretKey from;
};

// vipd.yaml as the daemon reads it; this machine's variables have no say. InvalidArgument, also
// where there is no such file: whoever named it mends that.
absl::StatusOr<shell::Settings> declared_settings(const std::string& file);
// Its addresses may lack what only Hetzner can say.
absl::StatusOr<shell::Settings> settings_to_reserve(const std::string& file);

using Manifest = absl::StatusOr<std::string> (*)(const shell::Settings&, const RenderRequest&);
absl::StatusOr<std::string> static_pod_of(const shell::Settings& settings,
                                          const RenderRequest& request);
absl::StatusOr<std::string> daemonset_of(const shell::Settings& settings,
                                         const RenderRequest& request);

int render_manifest(Manifest manifest, const std::string& file, const RenderRequest& request,
                    const Environment& around);

}  // namespace vipd::vipctl
