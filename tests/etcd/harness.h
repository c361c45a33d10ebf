// An Adapter on a loop of its own, with what it posted; for tests against a real etcd.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "tests/catch.h"
#include "tests/fakes/etcd_cluster.h"
#include "vipd/etcd/adapter.h"

#define SKIP_WITHOUT_ETCD()                           \
  if (!vipd::fakes::EtcdCluster::available()) {       \
    WARN("SKIPPED: no etcd binary on PATH");          \
    return;                                           \
  }

namespace vipd::etcd {

using namespace std::chrono_literals;
inline const std::string kPrefix = "/vipd/test/api/";

class Harness {
 public:
  Harness(std::vector<std::string> endpoints, TlsFiles files)
      : adapter(loop, clock, log, {std::move(endpoints), std::move(files), kPrefix},
                [this](core::Event event) {
                  if (on_event) on_event(event);
                  events.push_back(std::move(event));
                }) {}

  // True once `met`; the loop runs until then, at most for `within`.
  template <class Condition>
  bool run_until(Condition met, std::chrono::milliseconds within = 10s) {
    const base::Instant until = clock.now() + within;
    while (!met()) {
      if (clock.now() >= until) return false;
      loop.run_one_for(10ms);
    }
    return true;
  }

  // The next event of this type, after those already taken; nothing where none comes in time.
  template <class Wanted>
  std::optional<Wanted> next(std::chrono::milliseconds within = 10s) {
    std::optional<Wanted> found;
    run_until(
        [&] {
          for (; !found && seen < events.size(); ++seen) {
            if (const auto* event = std::get_if<Wanted>(&events[seen])) found = *event;
          }
          return found.has_value();
        },
        within);
    return found;
  }

  // Carries out the command and gives its answer. EtcdFailed is an answer too.
  template <class Answer, class Command>
  std::variant<Answer, core::EtcdFailed, std::monostate> ask(
      Command command, std::chrono::milliseconds deadline = 2s) {
    command.call = ++last_call;
    command.deadline = clock.now() + deadline;
    adapter.carry_out(command);
    return answer_to<Answer>(last_call, deadline + 5s);
  }

  template <class Answer>
  std::variant<Answer, core::EtcdFailed, std::monostate> answer_to(
      core::CallId call, std::chrono::milliseconds within) {
    std::variant<Answer, core::EtcdFailed, std::monostate> result = std::monostate();
    run_until(
        [&] {
          for (const core::Event& event : events) {
            if (const auto* good = std::get_if<Answer>(&event)) {
              if (good->call == call) result = *good;
            } else if (const auto* bad = std::get_if<core::EtcdFailed>(&event)) {
              if (bad->call == call) result = *bad;
            }
          }
          return !std::holds_alternative<std::monostate>(result);
        },
        within);
    return result;
  }

  // ask(), where only the good answer will do. Throws what std::get does.
  template <class Answer, class Command>
  Answer must(Command command, std::chrono::milliseconds deadline = 2s) {
    auto answer = ask<Answer>(std::move(command), deadline);
    if (const auto* failed = std::get_if<core::EtcdFailed>(&answer)) FAIL(failed->why);
    return std::get<Answer>(answer);
  }

  boost::asio::io_context loop;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      loop.get_executor()};
  base::SystemClock clock;
  base::Log log{base::LogFormat::kConsole, base::LogLevel::kError, clock};
  std::vector<core::Event> events;
  std::size_t seen = 0;
  core::CallId last_call = 0;
  std::function<void(const core::Event&)> on_event;
  Adapter adapter;
};

inline core::Txn put(const std::string& key, const std::string& value, core::LeaseId lease = 0) {
  return {.call = 0, .compare = {}, .write = {core::Put{key, value, lease}}, .deadline = {}};
}

inline core::ReadKey read(const std::string& key) {
  return {.call = 0, .key = key, .deadline = {}};
}

}  // namespace vipd::etcd
