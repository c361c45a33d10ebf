// Blocking helpers for tools: one HTTP exchange with JSON, and patience.
//
// Threads  Each call runs an io_context of its own; any thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "base/http_client.h"
#include "base/json.h"

namespace vipd::lab {

using Millis = std::chrono::milliseconds;

// Fills in the deadline.
absl::StatusOr<base::HttpResponse> exchange(base::HttpRequest request, Millis at_most);

// A body of null is none. NDJSON comes as an array. An answer over 299 is an error: its text is the
// body's "error" where it has one, its code the body's "code" (an absl::StatusCode) where it has
// one.
absl::StatusOr<base::Json> call(const std::string& method, const std::string& url,
                                const base::Json& body, Millis at_most);

// Lets time pass; signals do not shorten it.
void pause(Millis span);

// Attempts every `every` until one is OK; the last error, preceded by `what`, when time is over.
absl::Status until_ok(const std::string& what, Millis every, Millis at_most,
                      const std::function<absl::Status()>& attempt);

}  // namespace vipd::lab
