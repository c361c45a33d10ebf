#include "vipd/etcd/members.h"

#include <grpcpp/client_context.h>

#include <utility>

#include "vipd/etcd/channel.h"
#include "vipd/etcd/failure.h"

namespace vipd::etcd {
namespace {

namespace pb = etcdserverpb;

Member to_member(const pb::Member& member) {
  return {.id = member.id(),
          .name = member.name(),
          .peer_urls = {member.peerurls().begin(), member.peerurls().end()},
          .client_urls = {member.clienturls().begin(), member.clienturls().end()},
          .learner = member.islearner()};
}

// Blocking tools have no loop and no Clock; gRPC bounds the call by its own.
template <class Stub, class Request, class Response>
grpc::Status ask_now(Stub stub,
                     grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     const Request& request, Response& response, Members::Timeout timeout) {
  grpc::ClientContext context;
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                    gpr_time_from_millis(timeout.count(), GPR_TIMESPAN)));
  // A channel just opened has not connected yet, and one that failed may be about to.
  context.set_wait_for_ready(true);
  return (stub.*method)(&context, request, &response);
}

}  // namespace

Members::Members(std::string endpoint, TlsFiles files, std::shared_ptr<grpc::Channel> channel)
    : endpoint_(std::move(endpoint)), files_(std::move(files)), channel_(std::move(channel)) {}

absl::StatusOr<Members> Members::open(const std::string& endpoint, const TlsFiles& files,
                                      base::WallTime now) {
  const absl::StatusOr<Credentials> credentials = read_credentials(files, now);
  if (!credentials.ok()) return credentials.status();
  return Members(endpoint, files, open_channel(endpoint, *credentials));
}

absl::Status Members::judge(const grpc::Status& status) const {
  return to_absl(endpoint_, status, files_);
}

absl::StatusOr<std::vector<Member>> Members::list(Timeout timeout) {
  pb::MemberListRequest request;
  request.set_linearizable(true);
  pb::MemberListResponse response;
  const grpc::Status status = ask_now(pb::Cluster::Stub(channel_), &pb::Cluster::Stub::MemberList,
                                      request, response, timeout);
  if (!status.ok()) return judge(status);
  std::vector<Member> members;
  for (const pb::Member& member : response.members()) members.push_back(to_member(member));
  return members;
}

absl::StatusOr<Member> Members::add_learner(const std::string& peer_url, Timeout timeout) {
  pb::MemberAddRequest request;
  request.add_peerurls(peer_url);
  request.set_islearner(true);
  pb::MemberAddResponse response;
  const grpc::Status status = ask_now(pb::Cluster::Stub(channel_), &pb::Cluster::Stub::MemberAdd,
                                      request, response, timeout);
  if (!status.ok()) return judge(status);
  return to_member(response.member());
}

absl::Status Members::promote(std::uint64_t id, Timeout timeout) {
  pb::MemberPromoteRequest request;
  request.set_id(id);
  pb::MemberPromoteResponse response;
  return judge(ask_now(pb::Cluster::Stub(channel_), &pb::Cluster::Stub::MemberPromote, request,
                       response, timeout));
}

absl::Status Members::remove(std::uint64_t id, Timeout timeout) {
  pb::MemberRemoveRequest request;
  request.set_id(id);
  pb::MemberRemoveResponse response;
  return judge(ask_now(pb::Cluster::Stub(channel_), &pb::Cluster::Stub::MemberRemove, request,
                       response, timeout));
}

absl::StatusOr<EndpointStatus> Members::status(Timeout timeout) {
  pb::StatusResponse response;
  const grpc::Status status =
      ask_now(pb::Maintenance::Stub(channel_), &pb::Maintenance::Stub::Status, pb::StatusRequest(),
              response, timeout);
  if (!status.ok()) return judge(status);
  return EndpointStatus{.member = response.header().member_id(),
                        .leader = response.leader(),
                        .term = response.raftterm(),
                        .revision = response.header().revision(),
                        .learner = response.islearner(),
                        .version = response.version()};
}

absl::Status Members::move_leader(std::uint64_t to, Timeout timeout) {
  pb::MoveLeaderRequest request;
  request.set_targetid(to);
  pb::MoveLeaderResponse response;
  return judge(ask_now(pb::Maintenance::Stub(channel_), &pb::Maintenance::Stub::MoveLeader,
                       request, response, timeout));
}

}  // namespace vipd::etcd
