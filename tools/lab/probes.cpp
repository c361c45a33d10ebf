#include "tools/lab/probes.h"

#include <fmt/format.h>

#include <csignal>

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

absl::Status Probes::start(const std::string& every) {
  const std::lock_guard lock(mutex_);
  if (!pids_.empty())
    return absl::AlreadyExistsError("probing already: lab probe stop, or lab probe summary");
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
  if (pids_.empty()) return absl::FailedPreconditionError("nobody probes: lab probe start");
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
  if (pids_.empty()) return absl::FailedPreconditionError("nobody probes: lab probe start");
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
