#include "tests/sim/many.h"

#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <vector>

#include "absl/strings/str_cat.h"

namespace vipd::sim {
namespace {

constexpr int kMostProcesses = 64;

// What parent and children share.
struct Board {
  Tally tally[kMostProcesses];
  std::uint64_t at_seed[kMostProcesses];
};

void report(std::uint64_t seed, const char* kind, const std::string& why) {
  std::printf("seed %llu: %s: %s\n    see it with: tools/sim --seed %llu --trace\n",
              static_cast<unsigned long long>(seed), kind, why.c_str(),
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);
}

void count(Tally& tally, const Result& result, std::uint64_t seed) {
  ++tally.seeds;
  tally.faults += static_cast<std::uint64_t>(result.faults);
  tally.moves += static_cast<std::uint64_t>(result.moves);
  tally.calls += static_cast<std::uint64_t>(result.calls);
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    const auto met = result.met.find(kRules[i].id);
    if (met != result.met.end() && met->second != 0) ++tally.fired[i];
  }
  if (!result.unlisted.empty()) {
    std::snprintf(tally.unlisted, sizeof tally.unlisted, "%s", result.unlisted.c_str());
  }
  if (result.verdict == Verdict::kSafety) {
    ++tally.safety;
    report(seed, "SAFETY", result.why);
  } else if (result.verdict == Verdict::kLiveness) {
    ++tally.liveness;
    report(seed, "LIVENESS", result.why);
  }
}

// Ends this process by SIGALRM where the next seed has not ended by then, whatever it does.
void be_patient(std::chrono::seconds patience) {
  std::signal(SIGALRM, SIG_DFL);
  const itimerval timer = {{0, 0}, {patience.count(), 0}};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

// Process `place` takes every processes-th seed, from `from` on.
[[noreturn]] void work(const Many& many, Board& board, int place, std::uint64_t from) {
  const auto step = static_cast<std::uint64_t>(many.processes);
  std::signal(SIGABRT, SIG_DFL);  // a test's own handler would report it as the test's
  for (std::uint64_t seed = from; seed < many.first + many.seeds; seed += step) {
    board.at_seed[place] = seed;
    Run one = many.like;
    one.seed = seed;
    be_patient(many.patience);
    try {
      count(board.tally[place], run(one), seed);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      std::abort();
    }
  }
  std::fflush(stdout);
  std::_Exit(0);
}

void add(Tally& sum, const Tally& part) {
  sum.seeds += part.seeds;
  sum.crashes += part.crashes;
  sum.hangs += part.hangs;
  sum.safety += part.safety;
  sum.liveness += part.liveness;
  sum.faults += part.faults;
  sum.moves += part.moves;
  sum.calls += part.calls;
  for (std::size_t i = 0; i < kRules.size(); ++i) sum.fired[i] += part.fired[i];
  if (part.unlisted[0] != '\0') std::memcpy(sum.unlisted, part.unlisted, sizeof sum.unlisted);
}

// A seed has taken its process along.
void note_loss(Tally& tally, std::uint64_t seed, int status, std::chrono::seconds patience) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    ++tally.hangs;
    return report(seed, "HANG", absl::StrCat("it has not come to an end within ",
                                             patience.count(), " s"));
  }
  ++tally.crashes;
  report(seed, "CRASH", WIFSIGNALED(status)
                            ? absl::StrCat("signal ", WTERMSIG(status))
                            : absl::StrCat("exit code ", WEXITSTATUS(status)));
}

absl::Status cannot(const char* what) {
  return absl::InternalError(absl::StrCat("cannot ", what, ": ", std::strerror(errno)));
}

}  // namespace

bool too_rare(const Tally& tally, std::size_t rule) {
  return kRules[rule].how != How::kElsewhere && tally.seeds >= kEnoughToJudgeRules &&
         tally.fired[rule] * 1000 < tally.seeds;
}

Ending ending_of(const Tally& tally) {
  if (tally.crashes + tally.hangs != 0) return Ending::kCrashed;
  if (tally.safety != 0) return Ending::kUnsafe;
  if (tally.liveness != 0) return Ending::kNotLive;
  bool met = tally.unlisted[0] == '\0';
  for (std::size_t i = 0; i < kRules.size(); ++i) met = met && !too_rare(tally, i);
  return met ? Ending::kFine : Ending::kNotMet;
}

absl::StatusOr<Tally> run_many(const Many& asked) {
  Many many = asked;
  many.processes = std::clamp(many.processes, 1, kMostProcesses);
  void* shared = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                      -1, 0);
  if (shared == MAP_FAILED) return cannot("share memory");
  Board& board = *new (shared) Board{};
  std::vector<pid_t> children(static_cast<std::size_t>(many.processes));
  const auto start = [&](int place, std::uint64_t from) {
    const pid_t child = fork();
    if (child == 0) work(many, board, place, from);
    children[static_cast<std::size_t>(place)] = child;
    return child > 0;
  };
  std::fflush(stdout);
  for (int place = 0; place < many.processes; ++place) {
    const auto from = many.first + static_cast<std::uint64_t>(place);
    if (!start(place, from)) return cannot("start a process");
  }
  for (int running = many.processes; running > 0;) {
    int status = 0;
    const pid_t ended = wait(&status);
    const auto found = std::find(children.begin(), children.end(), ended);
    if (found == children.end()) continue;
    const auto place = static_cast<int>(found - children.begin());
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      --running;
      continue;
    }
    note_loss(board.tally[place], board.at_seed[place], status, many.patience);
    const auto next = board.at_seed[place] + static_cast<std::uint64_t>(many.processes);
    if (!start(place, next)) return cannot("start a process");
  }
  Tally sum;
  for (int place = 0; place < many.processes; ++place) add(sum, board.tally[place]);
  munmap(shared, sizeof(Board));
  return sum;
}

}  // namespace vipd::sim
