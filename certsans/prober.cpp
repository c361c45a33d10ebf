#include "certsans/prober.h"

#include <memory>
#include <utility>

#include <boost/asio/post.hpp>

namespace vipd::certsans {
namespace {

struct Round {
  std::vector<Sight> sights;
  std::size_t open = 0;
  std::function<void(std::vector<Sight>)> done;
};

}  // namespace

Prober::Prober(boost::asio::io_context& loop, const base::Clock& clock)
    : loop_(loop), client_(loop, clock) {}

void Prober::look(std::vector<Target> targets, base::Instant deadline,
                  std::function<void(std::vector<Sight>)> done) {
  const auto round = std::make_shared<Round>();
  round->open = targets.size();
  round->done = std::move(done);
  for (Target& each : targets) {
    round->sights.push_back({std::move(each), absl::UnknownError("no answer yet")});
  }
  if (round->sights.empty()) {
    boost::asio::post(loop_, [round] { round->done({}); });
    return;
  }
  base::TlsClient unverified;
  unverified.verify = false;
  for (Sight& sight : round->sights) {
    client_.handshake(sight.target.host, sight.target.port, unverified, deadline,
                      [round, &sight](absl::StatusOr<base::TlsHandshake> shown) {
                        sight.shown = std::move(shown);
                        if (--round->open == 0) round->done(std::move(round->sights));
                      });
  }
}

std::string text_of(Service service) {
  return service == Service::kApiserver ? "apiserver" : "apid";
}

}  // namespace vipd::certsans
