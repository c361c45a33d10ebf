#include "vipd/etcd/connection.h"

#include <chrono>
#include <utility>

#include "vipd/etcd/failure.h"

namespace vipd::etcd {
namespace {

constexpr auto kCheckFilesEvery = std::chrono::seconds(1);

}  // namespace

Connection::Connection(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log,
                       Calls& calls, std::vector<std::string> endpoints, TlsFiles files)
    : clock_(clock),
      log_(log),
      calls_(calls),
      endpoints_(std::move(endpoints)),
      files_(std::move(files)),
      timer_(loop) {}

void Connection::start(std::function<void()> renewed) {
  renewed_ = std::move(renewed);
  check_files();
}

void Connection::check_files() {
  timer_.expires_after(kCheckFilesEvery);
  timer_.async_wait(calls_.while_alive([this](boost::system::error_code error) {
    if (!error) check_files();
  }));

  absl::StatusOr<Credentials> read = read_credentials(files_, clock_.wall());
  note(read.status());
  if (!read.ok() || credentials_ == *read) return;
  credentials_ = *std::move(read);
  stubs_ = std::make_shared<Stubs>(endpoints_[endpoint_], *credentials_);
  log_.write(base::LogLevel::kInfo, "etcd certificates read, connecting",
             {{"endpoint", stubs_->endpoint}, {"certificate", files_.certificate}});
  renewed_();
}

void Connection::note(const absl::Status& problem) {
  if (problem == problem_) return;
  problem_ = problem;
  if (problem.ok()) return;
  log_.write(base::LogLevel::kWarn,
             stubs_ ? "etcd certificates cannot be used, going on with those read before"
                    : "etcd certificates cannot be used, waiting for them",
             {{"why", std::string(problem.message())}});
}

std::string Connection::failed(const Stubs& used, const grpc::Status& status) {
  // Requests fail together; only the first of them moves on.
  if (connection_broken(status) && endpoints_.size() > 1 && &used == stubs_.get()) {
    endpoint_ = (endpoint_ + 1) % endpoints_.size();
    stubs_ = std::make_shared<Stubs>(endpoints_[endpoint_], *credentials_);
  }
  return explain(used.endpoint, status, files_, problem_);
}

}  // namespace vipd::etcd
