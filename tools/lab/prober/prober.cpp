#include "tools/lab/prober/prober.h"

#include "absl/strings/match.h"

namespace vipd::prober {
namespace {

constexpr std::chrono::seconds kPatience{1};

// Every text of base/http_client says the phase.
bool before_connect(const std::string& why) {
  return absl::StrContains(why, "phase: connect") || absl::StrContains(why, "in phase connect");
}

}  // namespace

Probe classify(Probe probe, const base::HttpResult& result) {
  if (result.response.ok()) {
    probe.connected = true;
    probe.node = base::find_header(result.response->headers, "X-Apisim-Node").value_or("");
    probe.outcome = result.response->status == 200 ? Outcome::kOk : Outcome::kHttp;
    if (probe.outcome == Outcome::kHttp) probe.why = result.response->body;
    return probe;
  }
  probe.why = std::string(result.response.status().message());
  probe.connected = !before_connect(probe.why);
  switch (result.response.status().code()) {
    case absl::StatusCode::kDeadlineExceeded:
      probe.outcome = Outcome::kTimeout;
      break;
    case absl::StatusCode::kUnauthenticated:
      probe.outcome = Outcome::kTls;
      break;
    case absl::StatusCode::kDataLoss:
      probe.outcome = Outcome::kHttp;
      break;
    default:
      probe.outcome = probe.connected                           ? Outcome::kReset
                      : absl::StrContains(probe.why, "refused") ? Outcome::kRefused
                                                                : Outcome::kUnreachable;
  }
  return probe;
}

Prober::Prober(boost::asio::io_context& loop, const base::Clock& clock, Options options)
    : clock_(clock), options_(std::move(options)), client_(loop, clock), timer_(loop) {}

absl::Status Prober::start() {
  results_.reset(std::fopen(options_.results.c_str(), "w"));
  if (!results_) return absl::ErrnoToStatus(errno, "cannot write " + options_.results);
  next_start_ = clock_.now();
  schedule();
  return absl::OkStatus();
}

void Prober::schedule() {
  timer_.expires_after(next_start_ - clock_.now());
  timer_.async_wait([this](auto error) {
    if (error || stopping_) return;
    launch();
    next_start_ += options_.every;
    // No bursts after a pause: they would measure this machine, not the address.
    while (next_start_ < clock_.now()) {
      next_start_ += options_.every;
      ++skipped_;
    }
    schedule();
  });
}

void Prober::launch() {
  Probe probe;
  probe.number = started_++;
  probe.started = clock_.now();
  base::HttpRequest request;
  request.url = options_.url;
  request.tls = options_.tls;
  request.deadline = probe.started + kPatience;
  ++under_way_;
  client_.send(std::move(request), [this, probe](const base::HttpResult& result) mutable {
    probe.took = clock_.now() - probe.started;
    ended(classify(std::move(probe), result));
  });
}

void Prober::ended(const Probe& probe) {
  --under_way_;
  const std::string line = probe_json(probe).dump() + "\n";
  std::fputs(line.c_str(), results_.get());
  outages_.add(probe);
  finish_if_done();
}

void Prober::stop(std::function<void(base::Json)> done) {
  stopping_ = true;
  timer_.cancel();
  done_ = std::move(done);
  finish_if_done();
}

void Prober::finish_if_done() {
  if (!done_ || under_way_ > 0) return;
  std::fflush(results_.get());
  std::exchange(done_, nullptr)(summary());
}

base::Json Prober::summary() const {
  base::Json summary = outages_.summary();
  summary["started"] = started_;
  summary["skipped_starts"] = skipped_;
  summary["every_ms"] = std::chrono::duration<double, std::milli>(options_.every).count();
  return summary;
}

}  // namespace vipd::prober
