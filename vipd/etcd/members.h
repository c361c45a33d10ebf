// The members of an etcd cluster: who they are, add, promote, remove. For tools and tests;
// vipd itself never changes them.
//
// Threads  Blocking, each call at most `timeout`. One object may be used by several threads.
// Errors   As read_credentials() for the files; else etcd's own code and words, preceded by
//          the endpoint. A DeadlineExceeded change may still have been made: list() tells.
// Source   etcd api/etcdserverpb/rpc.proto: services Cluster and Maintenance.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "vipd/etcd/credentials.h"

namespace grpc {
class Channel;
class Status;
}  // namespace grpc

namespace vipd::etcd {

struct Member {
  std::uint64_t id = 0;
  std::string name;  // empty until the member has started
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  bool learner = false;
};

struct EndpointStatus {
  std::uint64_t member = 0;
  std::uint64_t leader = 0;  // 0: none
  std::uint64_t term = 0;
  std::int64_t revision = 0;
  bool learner = false;
  std::string version;
};

class Members {
 public:
  using Timeout = std::chrono::milliseconds;

  // `endpoint` is "https://HOST:PORT". Reads the files once and connects on first use.
  static absl::StatusOr<Members> open(const std::string& endpoint, const TlsFiles& files,
                                      base::WallTime now);

  absl::StatusOr<std::vector<Member>> list(Timeout timeout);
  absl::StatusOr<Member> add_learner(const std::string& peer_url, Timeout timeout);
  // FailedPrecondition while the learner has not caught up: try again.
  absl::Status promote(std::uint64_t id, Timeout timeout);
  absl::Status remove(std::uint64_t id, Timeout timeout);

  // Of the member behind the endpoint; answered without quorum too.
  absl::StatusOr<EndpointStatus> status(Timeout timeout);
  // Ask the leader's own endpoint; others refuse.
  absl::Status move_leader(std::uint64_t to, Timeout timeout);

 private:
  Members(std::string endpoint, TlsFiles files, std::shared_ptr<grpc::Channel> channel);
  [[nodiscard]] absl::Status judge(const grpc::Status& status) const;

  std::string endpoint_;
  TlsFiles files_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace vipd::etcd
