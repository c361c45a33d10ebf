// What apisim answers with: health texts, Node, Version, Status, as kube-apiserver writes them.
//
// Pure.  Source  k8s.io/apiserver pkg/server/healthz (texts of /readyz?verbose), the kubelet's
//        Ready condition while the node shuts down: reason KubeletNotReady, message
//        "node is shutting down" (kubernetes pkg/kubelet/nodeshutdown).
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace vipd::apisim {

struct Check {
  std::string name;
  bool ok = true;
};

// The switches of one apiserver and its Node. Constant but for what the control socket changes.
struct Switches {
  enum class Mode { kOk, kHang, kFail, kSlow };
  Mode mode = Mode::kOk;
  std::int64_t delay_ms = 2000;  // of every answer, in kSlow
  bool cordoned = false;
  bool node_shutting_down = false;  // what the kubelet reports
};

[[nodiscard]] const char* mode_text(Switches::Mode mode);

struct Health {
  int status = 200;
  std::string body;
};
// endpoint is "readyz" or "livez".
[[nodiscard]] Health health(const std::string& endpoint, const std::vector<Check>& checks,
                            bool verbose);

[[nodiscard]] base::Json node_object(const std::string& name, const Switches& switches);
[[nodiscard]] base::Json version_object();
// kind: Status, as for 401 and 404.
[[nodiscard]] base::Json status_object(int code, const std::string& reason,
                                       const std::string& message);

}  // namespace vipd::apisim
