#include "talos/machine.h"

#include "talos/wire.h"

namespace vipd::talos {
namespace {

using Stub = machine::MachineService::Stub;
using google::protobuf::Empty;

// Names in facts/talos.md 3.3: Talos' own services, and containers that the kubelet started.
constexpr const char* kSystemNamespace = "system";
constexpr const char* kPodNamespace = "k8s.io";

template <class Repeated>
std::vector<std::string> texts(const Repeated& list) {
  return {list.begin(), list.end()};
}

EtcdAlarm::Kind alarm_kind(machine::EtcdMemberAlarm::AlarmType type) {
  switch (type) {
    case machine::EtcdMemberAlarm::NONE: return EtcdAlarm::Kind::kNone;
    case machine::EtcdMemberAlarm::NOSPACE: return EtcdAlarm::Kind::kNoSpace;
    case machine::EtcdMemberAlarm::CORRUPT: return EtcdAlarm::Kind::kCorrupt;
    default: return EtcdAlarm::Kind::kUnknown;
  }
}

}  // namespace

absl::StatusOr<Version> version(const Client& client, const Target& target) {
  const auto answer = client.wire().ask({"Version", Needs::kReader}, target, &Stub::Version, {});
  if (!answer.ok()) return answer.status();
  return Version{answer->version().tag(), answer->version().sha(), answer->version().arch(),
                 answer->platform().name(), answer->features().rbac()};
}

absl::StatusOr<std::string> hostname(const Client& client, const Target& target) {
  const auto answer = client.wire().ask({"Hostname", Needs::kReader}, target, &Stub::Hostname, {});
  if (!answer.ok()) return answer.status();
  return answer->hostname();
}

absl::StatusOr<std::vector<Service>> services(const Client& client, const Target& target) {
  const auto answer =
      client.wire().ask({"ServiceList", Needs::kReader}, target, &Stub::ServiceList, {});
  if (!answer.ok()) return answer.status();
  std::vector<Service> services;
  for (const machine::ServiceInfo& info : answer->services()) {
    services.push_back({info.id(), info.state(), info.has_health() && !info.health().unknown(),
                        info.health().healthy(), info.health().last_message()});
  }
  return services;
}

absl::StatusOr<std::vector<EtcdMember>> etcd_members(const Client& client, const Target& target) {
  const auto answer =
      client.wire().ask({"EtcdMemberList", Needs::kEtcdReader}, target, &Stub::EtcdMemberList, {});
  if (!answer.ok()) return answer.status();
  std::vector<EtcdMember> members;
  for (const machine::EtcdMember& member : answer->members()) {
    members.push_back({member.id(), member.hostname(), texts(member.peer_urls()),
                       texts(member.client_urls()), member.is_learner()});
  }
  return members;
}

absl::StatusOr<EtcdStatus> etcd_status(const Client& client, const Target& target) {
  const auto answer =
      client.wire().ask({"EtcdStatus", Needs::kEtcdReader}, target, &Stub::EtcdStatus, {});
  if (!answer.ok()) return answer.status();
  const machine::EtcdMemberStatus& status = answer->member_status();
  return EtcdStatus{.member = status.member_id(),
                    .leader = status.leader(),
                    .version = status.protocol_version(),
                    .db_bytes = status.db_size(),
                    .db_bytes_in_use = status.db_size_in_use(),
                    .raft_index = status.raft_index(),
                    .raft_applied_index = status.raft_applied_index(),
                    .raft_term = status.raft_term(),
                    .learner = status.is_learner(),
                    .errors = texts(status.errors())};
}

absl::StatusOr<std::vector<EtcdAlarm>> etcd_alarms(const Client& client, const Target& target) {
  const auto answer =
      client.wire().ask({"EtcdAlarmList", Needs::kEtcdReader}, target, &Stub::EtcdAlarmList, {});
  if (!answer.ok()) return answer.status();
  std::vector<EtcdAlarm> alarms;
  for (const machine::EtcdMemberAlarm& alarm : answer->member_alarms()) {
    alarms.push_back({alarm.member_id(), alarm_kind(alarm.alarm())});
  }
  return alarms;
}

absl::StatusOr<std::string> logs(const Client& client, const Target& target,
                                 const LogSource& source, int lines) {
  const bool of_pod = source.driver == LogSource::Driver::kPods;
  machine::LogsRequest request;
  request.set_namespace_(of_pod ? kPodNamespace : kSystemNamespace);
  request.set_id(source.id);
  request.set_driver(of_pod ? machine::LogsRequest::CRI : machine::LogsRequest::CONTAINERD);
  request.set_tail_lines(lines);
  return client.wire().collect({"Logs", Needs::kReader}, target, &Stub::Logs, request,
                               kLargestLog);
}

}  // namespace vipd::talos
