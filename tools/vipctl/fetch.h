// One HTTP exchange, waited for. A command has nothing else to do meanwhile.
//
// Threads  Blocking; any one thread.
// Errors   base::HttpClient's.
#pragma once

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/http_client.h"

namespace vipd::vipctl {

absl::StatusOr<base::HttpResponse> fetch(base::HttpRequest request, const base::Clock& clock);

}  // namespace vipd::vipctl
