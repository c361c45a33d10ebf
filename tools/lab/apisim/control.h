// The lab's hold on an apisim, as JSON over a unix socket:
//   GET /state    {"mode","delay_ms","cordoned","shutting_down","ready","failing":[..],"port"}
//   PUT /switch   any of mode (ok|hang|500|slow), delay_ms, cordoned, shutting_down
#pragma once

#include "base/http_server.h"
#include "tools/lab/apisim/apisim.h"

namespace vipd::apisim {

[[nodiscard]] base::ServerResponse control(Apisim& apisim, const base::ServerRequest& request);

}  // namespace vipd::apisim
