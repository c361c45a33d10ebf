#include "tools/lab/probes.h"

#include <fmt/format.h>

#include <csignal>

#include "base/duration.h"
#include "tools/lab/call.h"
#include "tools/lab/plan.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

constexpr Millis kCall{2000};
constexpr Millis kEnd{5000};  // probes under way end within their deadline of 1 s

}  // namespace

std::string Probes::socket(const std::string& family) const {
  return fmt::format("{}/probe-{}.sock", layout_.dir, family);
}

void Probes::forget_ended() {
  std::erase_if(pids_, [this](const auto& each) { return !children_.running(each.second); });
}

absl::Status Probes::somebody_probes() {
  forget_ended();
  if (!pids_.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "nobody probes: lab probe start (why one ended is in {})", layout_.log("prober")));
}

absl::Status Probes::start(const std::string& every) {
  const std::lock_guard lock(mutex_);
  const auto interval = base::parse_duration(every);
  if (!interval.ok() || interval->count() == 0)
    return absl::InvalidArgumentError(
        fmt::format("--every {}: an interval of 1 ms or more is wanted, such as 10ms", every));
  forget_ended();
  if (!pids_.empty())
    return absl::AlreadyExistsError("probing already: lab probe stop, or lab probe summary");
  const absl::Status begun = begin(every);
  if (begun.ok()) return begun;
  for (const auto& [family, pid] : pids_) {
    children_.signal(pid, SIGKILL);
    children_.wait(pid, kEnd).IgnoreError();
  }
  pids_.clear();
  return {begun.code(),
          fmt::format("{} (see {})", std::string(begun.message()), layout_.log("prober"))};
}

absl::Status Probes::begin(const std::string& every) {
  std::map<std::string, std::string> targets{{"v4", kFipV4}};
  if (setup_.v6) targets["v6"] = kFipV6;
  for (const auto& [family, address] : targets) {
    const auto pid = children_.start(
        prober_program(setup_, layout_,
                       {.address = address,
                        .every = every,
                        .results = fmt::format("{}/probe-{}.ndjson", layout_.dir, family),
                        .socket = socket(family)}));
    if (!pid.ok()) return pid.status();
    pids_[family] = *pid;
  }
  for (const auto& [family, pid] : pids_) {
    const auto answers = [&, &name = family] {
      return call("GET", fmt::format("unix:{}:/summary", socket(name)), nullptr, kCall).status();
    };
    if (auto up = until_ok("prober answers", Millis(20), kEnd, answers); !up.ok()) return up;
  }
  return absl::OkStatus();
}

absl::StatusOr<base::Json> Probes::summary() {
  const std::lock_guard lock(mutex_);
  if (auto some = somebody_probes(); !some.ok()) return some;
  base::Json out;
  for (const auto& [family, pid] : pids_) {
    auto answer = call("GET", fmt::format("unix:{}:/summary", socket(family)), nullptr, kCall);
    if (!answer.ok()) return answer.status();
    out[family] = *answer;
  }
  return out;
}

absl::StatusOr<base::Json> Probes::stop() {
  const std::lock_guard lock(mutex_);
  if (auto some = somebody_probes(); !some.ok()) return some;
  base::Json out;
  absl::Status problem;
  for (const auto& [family, pid] : pids_) {
    // The answer comes when the last probe under way has ended.
    auto answer = call("POST", fmt::format("unix:{}:/stop", socket(family)), nullptr, kEnd);
    if (answer.ok())
      out[family] = *answer;
    else
      problem.Update(answer.status());
    children_.signal(pid, SIGTERM);
    problem.Update(children_.wait(pid, kEnd).status());
  }
  pids_.clear();
  if (!problem.ok()) return problem;
  return out;
}

}  // namespace vipd::lab
