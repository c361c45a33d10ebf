#include "vipd/shell/calls.h"

#include "tests/shell/fixtures.h"

namespace vipd::shell {
namespace {

constexpr core::Instant kStart{1h};
constexpr core::Instant kDeadline = kStart + 300ms;
constexpr core::Instant kLate = kDeadline + 1ns;

template <class Command>
Command call(core::CallId id) {
  Command command;
  command.call = id;
  command.deadline = kDeadline;
  return command;
}

template <class Event>
Event answer(core::CallId id) {
  Event event;
  event.call = id;
  return event;
}

TEST_CASE("a good answer within its deadline passes, and only once [E21]", "[E21]") {
  Calls calls;
  calls.note(call<core::KeepLease>(1), kStart);
  auto kept = answer<core::LeaseKept>(1);
  kept.ttl = 5s;
  const auto seen = calls.judge(kept, kDeadline);
  REQUIRE(seen);
  CHECK(std::get<core::LeaseKept>(*seen).ttl == 5s);
  CHECK_FALSE(calls.judge(kept, kDeadline));
}

TEST_CASE("a good answer past its deadline is an unknown outcome [E21]", "[E21]") {
  Calls calls;
  calls.note(call<core::Txn>(1), kStart);
  auto done = answer<core::TxnDone>(1);
  done.committed = true;
  const auto seen = calls.judge(done, kLate);
  REQUIRE(seen);
  const auto& failed = std::get<core::EtcdFailed>(*seen);
  CHECK(failed.unknown);
  CHECK(failed.sent_at == kStart);
}

TEST_CASE("a late assign is a timeout that may have been applied [A10]", "[A10]") {
  Calls calls;
  calls.note(call<core::Assign>(3), kStart);
  const auto seen = calls.judge(answer<core::AssignAccepted>(3), kLate);
  REQUIRE(seen);
  const auto& failed = std::get<core::HcloudFailed>(*seen);
  CHECK(failed.error == core::HcloudError::kTimeout);
  CHECK(failed.sent);
}

TEST_CASE("bad news keeps its own words however late it comes") {
  Calls calls;
  calls.note(call<core::ProbeTls>(4), kStart);
  auto refused = answer<core::TlsAnswer>(4);
  refused.why = "refused";
  const auto seen = calls.judge(refused, kLate + 1h);
  REQUIRE(seen);
  CHECK(std::get<core::TlsAnswer>(*seen).why == "refused");
}

TEST_CASE("a late answer of a probe counts as a miss [E8]", "[E8]") {
  using Readyz = core::ReadyzAnswer;
  Calls calls;
  calls.note(call<core::ProbeReadyz>(1), kStart);
  auto ready = answer<Readyz>(1);
  ready.result = Readyz::Result::kOk;
  CHECK(std::get<Readyz>(*calls.judge(ready, kLate)).result == Readyz::Result::kNoAnswer);

  calls.note(call<core::ProbeTls>(2), kStart);
  auto alive = answer<core::TlsAnswer>(2);
  alive.alive = true;
  CHECK_FALSE(std::get<core::TlsAnswer>(*calls.judge(alive, kLate)).alive);

  calls.note(call<core::ProbeCertificate>(3), kStart);
  auto certificate = answer<core::CertificateSeen>(3);
  certificate.names_it = true;
  CHECK_FALSE(std::get<core::CertificateSeen>(*calls.judge(certificate, kLate)).names_it);

  calls.note(call<core::ReadOwnNode>(4), kStart);
  auto node = answer<core::OwnNode>(4);
  node.answered = true;
  CHECK_FALSE(std::get<core::OwnNode>(*calls.judge(node, kLate)).answered);
}

TEST_CASE("events that answer no call pass untouched") {
  Calls calls;
  CHECK(calls.judge(core::TermSignal{}, kStart));
  CHECK(calls.judge(core::EtcdFailed{}, kStart));
}

TEST_CASE("a forgotten call fails after the grace, once") {
  Calls calls;
  calls.note(call<core::ListFips>(5), kStart);
  calls.note(core::Relist{}, kStart);
  CHECK(calls.overdue(kDeadline + Calls::kGrace - 1ns).empty());
  const auto failed = calls.overdue(kDeadline + Calls::kGrace);
  REQUIRE(failed.size() == 1);
  CHECK(std::get<core::HcloudFailed>(failed[0]).call == 5);
  CHECK(calls.overdue(kDeadline + 1h).empty());
  CHECK_FALSE(calls.judge(answer<core::FipsListed>(5), kDeadline));
}

}  // namespace
}  // namespace vipd::shell
