#include "tools/vipctl/fetch.h"

#include <utility>

namespace vipd::vipctl {

absl::StatusOr<base::HttpResponse> fetch(base::HttpRequest request, const base::Clock& clock) {
  boost::asio::io_context io(1);
  base::HttpClient http(io, clock);
  absl::StatusOr<base::HttpResponse> response = absl::UnknownError("the exchange did not end");
  http.send(std::move(request),
            [&](base::HttpResult result) { response = std::move(result.response); });
  io.run();
  return response;
}

}  // namespace vipd::vipctl
