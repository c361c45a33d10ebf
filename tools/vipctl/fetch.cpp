#include "tools/vipctl/fetch.h"

#include <utility>

#include <boost/asio/steady_timer.hpp>

namespace vipd::vipctl {

base::HttpResult exchange(base::HttpRequest request, const base::Clock& clock) {
  boost::asio::io_context io(1);
  base::HttpClient http(io, clock);
  base::HttpResult ended{absl::UnknownError("the exchange did not end"), false, {}};
  http.send(std::move(request), [&](base::HttpResult result) { ended = std::move(result); });
  io.run();
  return ended;
}

absl::StatusOr<base::HttpResponse> fetch(base::HttpRequest request, const base::Clock& clock) {
  return exchange(std::move(request), clock).response;
}

absl::Status handshake(const std::string& host, std::uint16_t port, Duration within,
                       const base::Clock& clock) {
  boost::asio::io_context io(1);
  base::HttpClient http(io, clock);
  absl::Status ended = absl::UnknownError("the handshake did not end");
  base::TlsClient whoever;
  whoever.verify = false;
  http.handshake(host, port, std::move(whoever), clock.now() + within,
                 [&](absl::StatusOr<base::TlsHandshake> shaken) { ended = shaken.status(); });
  io.run();
  return ended;
}

void pause(Duration time) {
  boost::asio::io_context io(1);
  boost::asio::steady_timer(io, time).wait();
}

}  // namespace vipd::vipctl
