// What events and commands are made of, for the journal: type, then members in their order.
// A new event or a new member does not compile until it stands here.
#pragma once

#include <string_view>

#include "vipd/core/command.h"
#include "vipd/core/event.h"
#include "vipd/shell/members.h"

namespace vipd::shell {

using Text = std::string_view;

// ---- events ----
template <> inline constexpr Text kMembers<core::Tick> = "Tick:";
template <> inline constexpr Text kMembers<core::TermSignal> = "TermSignal:";
template <>
inline constexpr Text kMembers<core::Identity> =
    "Identity: server node private_addresses public_v4";
template <> inline constexpr Text kMembers<core::IdentityFailed> = "IdentityFailed: why";
template <>
inline constexpr Text kMembers<core::TokenSeen> = "TokenSeen: present generation problem";
template <>
inline constexpr Text kMembers<core::HandoverAsked> = "HandoverAsked: order to off by reason";
template <>
inline constexpr Text kMembers<core::PauseAsked> = "PauseAsked: order lasts hard by reason";
template <> inline constexpr Text kMembers<core::ResumeAsked> = "ResumeAsked: order by";
template <> inline constexpr Text kMembers<core::ReleaseAsked> = "ReleaseAsked: order holder by";
template <>
inline constexpr Text kMembers<core::KeyValue> = "KeyValue: key value mod_revision lease";
template <>
inline constexpr Text kMembers<core::EtcdSnapshot> = "EtcdSnapshot: revision keys sent_at";
template <> inline constexpr Text kMembers<core::KeyChange> = "KeyChange: kv deleted";
template <> inline constexpr Text kMembers<core::EtcdChanged> = "EtcdChanged: revision changes";
template <> inline constexpr Text kMembers<core::EtcdWatchLost> = "EtcdWatchLost: why";
template <>
inline constexpr Text kMembers<core::LeaseGranted> = "LeaseGranted: call lease ttl sent_at";
template <> inline constexpr Text kMembers<core::LeaseKept> = "LeaseKept: call lease ttl sent_at";
template <>
inline constexpr Text kMembers<core::TxnDone> = "TxnDone: call committed revision sent_at";
template <> inline constexpr Text kMembers<core::KeyRead> = "KeyRead: call found revision sent_at";
template <>
inline constexpr Text kMembers<core::MemberStatus> =
    "MemberStatus: call member leader term learner version sent_at";
template <>
inline constexpr Text kMembers<core::EtcdFailed> = "EtcdFailed: call unknown why sent_at";
template <>
inline constexpr Text kMembers<core::FloatingIp> = "FloatingIp: id name ip server labels blocked";
template <> inline constexpr Text kMembers<core::Action> = "Action: id state error";
template <> inline constexpr Text kMembers<core::Rate> = "Rate: limit remaining reset_in_seconds";
template <>
inline constexpr Text kMembers<core::FipsListed> = "FipsListed: call fips sent_at rate";
template <>
inline constexpr Text kMembers<core::ServerSeen> =
    "ServerSeen: call server name private_addresses public_v4 sent_at rate";
template <>
inline constexpr Text kMembers<core::AssignAccepted> = "AssignAccepted: call action sent_at rate";
template <>
inline constexpr Text kMembers<core::ActionSeen> = "ActionSeen: call action sent_at rate";
template <>
inline constexpr Text kMembers<core::RunningFound> = "RunningFound: call action sent_at rate";
template <>
inline constexpr Text kMembers<core::HcloudFailed> =
    "HcloudFailed: call error why sent sent_at rate";
template <>
inline constexpr Text kMembers<core::LocalAddress> =
    "LocalAddress: address prefix_length scope ours";
template <> inline constexpr Text kMembers<core::AddressesSeen> = "AddressesSeen: on_lo";
template <> inline constexpr Text kMembers<core::NetlinkFailed> = "NetlinkFailed: address why";
template <>
inline constexpr Text kMembers<core::ReadyzAnswer> =
    "ReadyzAnswer: call result http_status shutting_down why sent_at";
template <> inline constexpr Text kMembers<core::TlsAnswer> = "TlsAnswer: call alive why sent_at";
template <>
inline constexpr Text kMembers<core::CertificateSeen> =
    "CertificateSeen: call address shown names_it why sent_at";
template <>
inline constexpr Text kMembers<core::OwnNode> =
    "OwnNode: call answered cordoned shutting_down why";

// ---- commands ----
template <> inline constexpr Text kMembers<core::GrantLease> = "GrantLease: call ttl deadline";
template <> inline constexpr Text kMembers<core::KeepLease> = "KeepLease: call lease deadline";
template <> inline constexpr Text kMembers<core::RevokeLease> = "RevokeLease: lease";
template <> inline constexpr Text kMembers<core::ReadKey> = "ReadKey: call key deadline";
template <> inline constexpr Text kMembers<core::ReadMember> = "ReadMember: call deadline";
template <> inline constexpr Text kMembers<core::Compare> = "Compare: key mod_revision value";
template <> inline constexpr Text kMembers<core::Put> = "Put: key value lease";
template <> inline constexpr Text kMembers<core::Delete> = "Delete: key";
template <> inline constexpr Text kMembers<core::Txn> = "Txn: call compare write deadline";
template <> inline constexpr Text kMembers<core::Relist> = "Relist:";
template <>
inline constexpr Text kMembers<core::ListFips> = "ListFips: call label_selector deadline";
template <> inline constexpr Text kMembers<core::GetServer> = "GetServer: call server deadline";
template <>
inline constexpr Text kMembers<core::Assign> = "Assign: call fip server first_byte_by deadline";
template <>
inline constexpr Text kMembers<core::Unassign> = "Unassign: call fip first_byte_by deadline";
template <> inline constexpr Text kMembers<core::GetAction> = "GetAction: call action deadline";
template <>
inline constexpr Text kMembers<core::FindRunningAction> = "FindRunningAction: call fip deadline";
template <> inline constexpr Text kMembers<core::AddAddress> = "AddAddress: address";
template <> inline constexpr Text kMembers<core::RemoveAddress> = "RemoveAddress: address";
template <> inline constexpr Text kMembers<core::ProbeReadyz> = "ProbeReadyz: call target deadline";
template <> inline constexpr Text kMembers<core::ProbeTls> = "ProbeTls: call target deadline";
template <>
inline constexpr Text kMembers<core::ProbeCertificate> =
    "ProbeCertificate: call address dial deadline";
template <> inline constexpr Text kMembers<core::ReadOwnNode> = "ReadOwnNode: call node deadline";
template <> inline constexpr Text kMembers<core::OrderAnswer> = "OrderAnswer: order done text";
template <> inline constexpr Text kMembers<core::Say> = "Say: level rule text fields";
template <> inline constexpr Text kMembers<core::Exit> = "Exit:";

// ---- enumerations: the last one, beyond which a number is garbage ----
template <typename Enum>
inline constexpr std::nullptr_t kLast = nullptr;
template <> inline constexpr auto kLast<core::Action::State> = core::Action::State::kError;
template <> inline constexpr auto kLast<core::HcloudError> = core::HcloudError::kRefused;
template <>
inline constexpr auto kLast<core::ReadyzAnswer::Result> = core::ReadyzAnswer::Result::kNoAnswer;
template <> inline constexpr auto kLast<core::Say::Level> = core::Say::Level::kError;

}  // namespace vipd::shell
