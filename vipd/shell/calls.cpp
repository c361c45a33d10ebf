#include "vipd/shell/calls.h"

#include <utility>

namespace vipd::shell {
namespace {

constexpr auto kLate = "no answer within the deadline";

template <class T>
concept HasCall = requires(const T& one) { one.call; };

// The event that tells the core that a command came to nothing. A new command with a call id
// does not compile until it has one here.
struct FailureOf {
  core::Instant sent_at;

  core::Event operator()(const core::GrantLease& c) const { return etcd(c.call); }
  core::Event operator()(const core::KeepLease& c) const { return etcd(c.call); }
  core::Event operator()(const core::ReadKey& c) const { return etcd(c.call); }
  core::Event operator()(const core::ReadMember& c) const { return etcd(c.call); }
  core::Event operator()(const core::Txn& c) const { return etcd(c.call); }
  core::Event operator()(const core::ListFips& c) const { return hcloud(c.call); }
  core::Event operator()(const core::GetServer& c) const { return hcloud(c.call); }
  core::Event operator()(const core::Assign& c) const { return hcloud(c.call); }
  core::Event operator()(const core::Unassign& c) const { return hcloud(c.call); }
  core::Event operator()(const core::GetAction& c) const { return hcloud(c.call); }
  core::Event operator()(const core::FindRunningAction& c) const { return hcloud(c.call); }
  core::Event operator()(const core::ProbeReadyz& c) const {
    core::ReadyzAnswer answer;
    answer.call = c.call;
    answer.why = kLate;
    answer.sent_at = sent_at;
    return answer;
  }
  core::Event operator()(const core::ProbeTls& c) const {
    return core::TlsAnswer{.call = c.call, .alive = false, .why = kLate, .sent_at = sent_at};
  }
  core::Event operator()(const core::ProbeCertificate& c) const {
    core::CertificateSeen seen;
    seen.call = c.call;
    seen.address = c.address;
    seen.why = kLate;
    seen.sent_at = sent_at;
    return seen;
  }
  core::Event operator()(const core::ReadOwnNode& c) const {
    core::OwnNode node;
    node.call = c.call;
    node.why = kLate;
    return node;
  }

  [[nodiscard]] core::Event etcd(core::CallId call) const {
    return core::EtcdFailed{.call = call, .unknown = true, .why = kLate, .sent_at = sent_at};
  }
  [[nodiscard]] core::Event hcloud(core::CallId call) const {
    return core::HcloudFailed{.call = call,
                              .error = core::HcloudError::kTimeout,
                              .why = kLate,
                              .sent = true,
                              .sent_at = sent_at,
                              .rate = {}};
  }
};

core::CallId call_of(const core::Event& event) {
  return std::visit(
      [](const auto& one) -> core::CallId {
        if constexpr (HasCall<std::decay_t<decltype(one)>>) {
          return one.call;
        } else {
          return 0;
        }
      },
      event);
}

bool is_bad_news(const core::Event& event) {
  if (const auto* readyz = std::get_if<core::ReadyzAnswer>(&event)) {
    return readyz->result != core::ReadyzAnswer::Result::kOk;
  }
  if (const auto* tls = std::get_if<core::TlsAnswer>(&event)) return !tls->alive;
  if (const auto* seen = std::get_if<core::CertificateSeen>(&event)) return !seen->names_it;
  if (const auto* node = std::get_if<core::OwnNode>(&event)) return !node->answered;
  return std::holds_alternative<core::EtcdFailed>(event) ||
         std::holds_alternative<core::HcloudFailed>(event);
}

}  // namespace

void Calls::note(const core::Command& command, core::Instant now) {
  std::visit(
      [&](const auto& one) {
        if constexpr (HasCall<std::decay_t<decltype(one)>>) {
          open_.insert_or_assign(one.call, Call{one.deadline, FailureOf{now}(one)});
        }
      },
      command);
}

std::optional<core::Event> Calls::judge(core::Event event, core::Instant now) {
  const core::CallId id = call_of(event);
  if (id == 0) return event;
  auto call = open_.extract(id);
  if (call.empty()) return std::nullopt;
  if (now <= call.mapped().deadline || is_bad_news(event)) return event;
  return std::move(call.mapped().failure);
}

std::vector<core::Event> Calls::overdue(core::Instant now) {
  std::vector<core::Event> failures;
  for (auto call = open_.begin(); call != open_.end();) {
    if (call->second.deadline + kGrace > now) {
      ++call;
      continue;
    }
    failures.push_back(std::move(call->second.failure));
    call = open_.erase(call);
  }
  return failures;
}

}  // namespace vipd::shell
