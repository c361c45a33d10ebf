// One HTTP exchange or TLS handshake, or a pause between two, waited for. A command has nothing
// else to do meanwhile.
//
// Threads  Blocking; any one thread.
// Errors   base::HttpClient's.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/http_client.h"

namespace vipd::vipctl {

using Duration = base::Instant::duration;

// The response, and whether the request may have reached anybody.
base::HttpResult exchange(base::HttpRequest request, const base::Clock& clock);

absl::StatusOr<base::HttpResponse> fetch(base::HttpRequest request, const base::Clock& clock);

// With whoever answers: no certificate is judged.
absl::Status handshake(const std::string& host, std::uint16_t port, Duration within,
                       const base::Clock& clock);

void pause(Duration time);

}  // namespace vipd::vipctl
