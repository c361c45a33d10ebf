#include "tools/vipctl/hetzner_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "vipd/hcloud/api_error.h"
#include "vipd/hcloud/messages.h"
#include "vipd/hcloud/text.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

using namespace std::chrono_literals;
using core::HcloudError;

constexpr Duration kAnswerWithin = 15s;
constexpr Duration kRefill = 1s;
constexpr Duration kFirstPoll = 300ms;  // x1.5, at most 3 s: as the daemon polls (rule A6)
constexpr Duration kMostBetweenPolls = 3s;

std::string name_of(const Call& call) { return call.method + " " + call.path; }

// A read that was refused has told nothing.
absl::Status status_for(const hcloud::ApiError& error, bool is_write) {
  const bool speaks =
      error.kind == HcloudError::kNotFound || error.kind == HcloudError::kRateLimited;
  if (!is_write && !speaks) return absl::UnavailableError(error.why);
  switch (error.kind) {
    case HcloudError::kUnauthorized:
    case HcloudError::kReadonly:
      return absl::PermissionDeniedError(error.why);
    case HcloudError::kNotFound:
      return absl::NotFoundError(error.why);
    case HcloudError::kLocked:
      return absl::AbortedError(error.why);
    case HcloudError::kRateLimited:
      return absl::ResourceExhaustedError(error.why);
    case HcloudError::kAssigned:
      return absl::AlreadyExistsError(error.why);
    case HcloudError::kProtected:
    case HcloudError::kRefused:
      return absl::FailedPreconditionError(error.why);
    default:
      return absl::UnknownError(error.why);
  }
}

}  // namespace

HetznerSession::HetznerSession(HetznerAccess access, const base::Clock& clock, std::ostream& told,
                               Duration timeout)
    : access_(std::move(access)),
      clock_(clock),
      told_(told),
      timeout_(timeout),
      until_(clock.now() + timeout) {}

absl::StatusOr<base::HttpRequest> HetznerSession::prepare(const Call& call) const {
  base::HttpRequest request;
  request.method = call.method;
  request.url = hcloud::without_last_slash(access_.endpoint) + call.path;
  request.headers = {{"User-Agent", "vipctl/" VIPD_VERSION}, {"Accept", "application/json"}};
  if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.bearer = access_.token;
  request.body = call.body;
  request.deadline = clock_.now() + std::min(kAnswerWithin, timeout_);
  if (access_.ca_file.empty()) return request;
  auto ca = base::read_file(access_.ca_file);
  if (!ca.ok()) return ca.status();
  request.tls.ca_pem = *std::move(ca);
  return request;
}

absl::Status HetznerSession::fail(const Call& call, const base::HttpResult& result) const {
  const bool is_write = call.method != "GET";
  const auto& response = result.response;
  if (!response.ok()) {
    // `sent` matters for writes alone: they may have been done.
    const bool in_doubt = is_write && result.sent;
    return status_for(hcloud::explain_failure(response.status(), in_doubt, name_of(call)),
                      in_doubt);
  }
  return status_for(hcloud::explain_answer(response->status, response->body, name_of(call)),
                    is_write);
}

absl::StatusOr<std::string> HetznerSession::send(const Call& call) {
  while (true) {
    auto request = prepare(call);
    if (!request.ok()) return absl::UnavailableError(request.status().message());
    base::HttpResult result = exchange(*std::move(request), clock_);
    const auto& response = result.response;
    if (response.ok() && response->status >= 200 && response->status <= 299) {
      return std::move(result.response)->body;
    }
    const absl::Status failure = fail(call, result);
    if (!absl::IsResourceExhausted(failure)) return failure;
    if (is_over()) return absl::UnavailableError(failure.message());
    tell("the rate limit of the project");
    pause(kRefill);
  }
}

absl::StatusOr<std::int64_t> HetznerSession::run_action(core::FipId fip, const std::string& verb,
                                                        const std::string& body,
                                                        const std::string& what) {
  const Call call{"POST", fmt::format("/floating_ips/{}/actions/{}", fip, verb), body};
  while (true) {
    const auto answer = send(call);
    if (answer.ok()) {
      const auto action = hcloud::read_action(*answer);
      if (!action.ok()) {
        return absl::UnknownError(
            hcloud::explain_failure(action.status(), true, name_of(call)).why);
      }
      const absl::Status ended = await(action->id, what);
      if (!ended.ok()) return ended;
      return action->id;
    }
    if (!absl::IsAborted(answer.status())) return answer.status();
    if (is_over()) {
      return absl::DeadlineExceededError(fmt::format(
          "{}: still locked by another action: `vipctl fip show {}`, then run the command again; "
          "or give --timeout",
          what, fip));
    }
    tell(what + ": another action runs on it");
    pause(kFirstPoll);
    const absl::Status idle = wait_until_idle(fip, what);
    if (!idle.ok()) return idle;
  }
}

absl::Status HetznerSession::wait_until_idle(core::FipId fip, const std::string& what) {
  const Call call{"GET", fmt::format("/floating_ips/{}/actions?status=running", fip)};
  const auto answer = send(call);
  if (!answer.ok()) return answer.status();
  const auto running = hcloud::read_running_action(*answer);
  if (!running.ok()) {
    return absl::UnavailableError(
        hcloud::explain_failure(running.status(), false, name_of(call)).why);
  }
  if (!*running) return absl::OkStatus();
  const absl::Status ended = await((*running)->id, what);
  // Another's action that failed is over, too.
  return absl::IsFailedPrecondition(ended) ? absl::OkStatus() : ended;
}

absl::Status HetznerSession::await(std::int64_t action, const std::string& what) {
  const base::Instant begun = clock_.now();
  const Call call{"GET", fmt::format("/actions/{}", action)};
  std::string last = "it still runs";
  for (Duration every = kFirstPoll; !is_over();
       every = std::min(every * 3 / 2, kMostBetweenPolls)) {
    pause(std::min(every, until_ - clock_.now()));
    if (clock_.now() - begun >= 1s) tell(fmt::format("{}: action {}", what, action));
    const auto answer = send(call);
    const auto seen = answer.ok() ? hcloud::read_action(*answer) : answer.status();
    if (!seen.ok()) {
      last = std::string(seen.status().message());
      continue;
    }
    if (seen->state == core::Action::State::kSuccess) return absl::OkStatus();
    if (seen->state == core::Action::State::kError) {
      return absl::FailedPreconditionError(fmt::format(
          "{}: Hetzner's action {} failed ({}); nothing changed: run the command again, and see "
          "https://status.hetzner.com if it fails again",
          what, action, seen->error.empty() ? "no reason given" : seen->error));
    }
  }
  return absl::DeadlineExceededError(fmt::format(
      "{}: action {} was not seen to end within the timeout ({}); it may still: run the command "
      "again, which goes on from what is there, or give --timeout",
      what, action, last));
}

void HetznerSession::tell(const std::string& what) {
  if (what == last_told_) return;
  last_told_ = what;
  told_ << "vipctl: waiting for " << what << std::endl;
}

int exit_code_for(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kDeadlineExceeded:
      return shell::kFindings;
    case absl::StatusCode::kInvalidArgument:
      return shell::kWrongUsage;
    default:
      return shell::kCouldNotTell;
  }
}

}  // namespace vipd::vipctl
