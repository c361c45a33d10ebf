// What Config and State are made of, for the journal: type, then members in their order.
// A new member does not compile until it stands here.
#pragma once

#include "vipd/core/config.h"
#include "vipd/core/state.h"
#include "vipd/shell/journal_events.h"

namespace vipd::shell {

// ---- config ----
template <> inline constexpr Text kMembers<base::IpPrefix> = "IpPrefix: address length";
template <> inline constexpr Text kMembers<core::DeclaredFip> = "DeclaredFip: id address";
template <>
inline constexpr Text kMembers<core::Timing> =
    "Timing: ttl keepalive_every etcd_deadline keepalive_deadline readyz_every readyz_deadline "
    "tls_every tls_deadline guard_valid assign_deadline read_deadline read_every cooldown "
    "cooldown_most intent_within verified_within stop_within";
template <>
inline constexpr Text kMembers<core::Config> =
    "Config: cluster group version mode fips labels node_subnets address_guards_proven "
    "require_certificate timing";

// ---- what etcd holds ----
template <>
inline constexpr Text kMembers<core::LeaderRecord> =
    "LeaderRecord: instance node server address since cause giver tried reason";
template <>
inline constexpr Text kMembers<core::NodeRecord> =
    "NodeRecord: instance node server address ready why version etcd_leader";
template <>
inline constexpr Text kMembers<core::AssignmentRecord> =
    "AssignmentRecord: fip address labels server node node_address epoch action phase read";
template <> inline constexpr Text kMembers<core::RequestRecord> = "RequestRecord: to off by reason";
template <> inline constexpr Text kMembers<core::PauseRecord> = "PauseRecord: by reason hard until";
template <typename Record>
inline constexpr Text kMembers<core::Held<Record>> = "Held: kv record readable seen_at fresh";
template <>
inline constexpr Text kMembers<core::Keys> =
    "Keys: current listed_at newest newest_at leader_as_of leader leader_absent_since nodes "
    "assignments assignment_keys request pause problems watch_problem";

// ---- state ----
template <> inline constexpr Text kMembers<core::Flight> = "Flight: id deadline";
template <>
inline constexpr Text kMembers<core::Self> =
    "Self: instance identity identity_problem address address_problem";
template <>
inline constexpr Text kMembers<core::Session> =
    "Session: lease good_until grant keep read put next_grant next_keep next_put grant_failures "
    "put_record put_lease astray_since flying_record flying_lease problem";
template <>
inline constexpr Text kMembers<core::Member> =
    "Member: read next last leader_since leader_changed problem";
template <>
inline constexpr Text kMembers<core::Pulse> = "Pulse: flight next hits misses up ever_up why";
template <>
inline constexpr Text kMembers<core::CertificateCheck> =
    "CertificateCheck: flight next names_it why";
template <> inline constexpr Text kMembers<core::Condition> = "Condition: name ok evidence";
template <>
inline constexpr Text kMembers<core::Gate> =
    "Gate: readyz tls certificates conditions ready serves";
template <>
inline constexpr Text kMembers<core::Token> =
    "Token: seen present generation problem refused readonly";
template <>
inline constexpr Text kMembers<core::Belief> =
    "Belief: known server at aged certain allowed why_not";
template <>
inline constexpr Text kMembers<core::Reads> =
    "Reads: list own next_regular next_try failed_at limited_at generation_listed generation_own "
    "own_problem last_sent own_again ever restored failures problem rate lists assigns others";
template <>
inline constexpr Text kMembers<core::Work> =
    "Work: phase guard call record rechecking intent_written action polling_since poll_at "
    "poll_every read_after retry_at failures unassign_first verified unsettled_until recheck_at "
    "checked_once_more read_wall seen_here recorded recording why";
template <> inline constexpr Text kMembers<core::Took> = "Took: count sum within";
template <> inline constexpr Text kMembers<core::Figures> = "Figures: moves drift phases";
template <> inline constexpr Text kMembers<core::Drift> = "Drift: repairs next last onto";
template <>
inline constexpr Text kMembers<core::Tenure> =
    "Tenure: epoch since cause work drift ever_verified frozen_at";
template <>
inline constexpr Text kMembers<core::Handover> =
    "Handover: cause candidate probe txn confirmed_at confirmed refused retry_at";
template <>
inline constexpr Text kMembers<core::Election> =
    "Election: txn confirm claimant claimant_address claimant_address_call ask_server_at "
    "claimant_gone claimant_pulse claimant_answered claimable_since claimable looks_first proposed "
    "adopted waiting retry_at undeclared_at";
template <>
inline constexpr Text kMembers<core::Order> =
    "Order: id key value lease former former_value grant txn done refused";
template <>
inline constexpr Text kMembers<core::Stop> =
    "Stop: asked deadline node hand_over release release_again released gave";
template <> inline constexpr Text kMembers<base::WallTime> = "WallTime: seconds";
template <>
inline constexpr Text kMembers<core::Move> = "Move: at from to to_server cause epoch reason";
template <>
inline constexpr Text kMembers<core::State> =
    "State: random last_call started wake self keys session member gate token beliefs reads "
    "tenure handover election orders stop addresses addresses_known swept address_retry "
    "address_problem intent_epoch last_epoch last_holder last_server unplanned moves figures said";

template <> inline constexpr auto kLast<core::Mode> = core::Mode::kObserve;
template <> inline constexpr auto kLast<core::Cause> = core::Cause::kShutdown;
template <>
inline constexpr auto kLast<core::AssignmentRecord::Phase> =
    core::AssignmentRecord::Phase::kVerified;
template <> inline constexpr auto kLast<core::Work::Phase> = core::Work::Phase::kDone;

}  // namespace vipd::shell
