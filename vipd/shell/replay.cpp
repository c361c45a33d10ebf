#include "vipd/shell/replay.h"

#include <optional>
#include <ostream>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "vipd/core/status.h"
#include "vipd/shell/exit_code.h"
#include "vipd/shell/journal_line.h"
#include "vipd/shell/publisher.h"

namespace vipd::shell {
namespace {

using base::Json;

template <typename One, typename... Others>
constexpr bool kIsOneOf = (std::is_same_v<One, Others> || ...);

std::string shown(const core::Say& say) {
  constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};
  std::string text = fmt::format("{:<5} {:<4} {}", kLevels[static_cast<std::size_t>(say.level)],
                                 say.rule, say.text);
  for (const auto& [name, value] : say.fields) text += fmt::format("  {}={}", name, value);
  return text;
}

// What a healthy vipd does all the time.
bool routine(const core::Command& command) {
  return std::visit(
      [](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        return kIsOneOf<One, core::ProbeReadyz, core::ProbeTls, core::ProbeCertificate,
                        core::KeepLease, core::ReadKey, core::ReadMember>;
      },
      command);
}
bool routine(const core::Event& event) {
  return std::visit(
      [](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        return kIsOneOf<One, core::Tick, core::ReadyzAnswer, core::TlsAnswer,
                        core::CertificateSeen, core::LeaseKept, core::KeyRead, core::MemberStatus>;
      },
      event);
}

// For people: a change of "gate/token/ok" says more than one of "gate/6/ok".
Json by_name(Json status) {
  constexpr std::pair<const char*, const char*> kLists[] = {
      {"gate", "condition"}, {"fips", "address"}, {"nodes", "instance"}};
  for (const auto& [list, name] : kLists) {
    Json named = Json::object();
    for (Json& one : status[list]) {
      const std::string key = one[name];
      named[key] = std::move(one);
    }
    status[list] = std::move(named);
  }
  return status;
}

// One run of the core over a journal.
class Story {
 public:
  Story(Telling telling, std::ostream& out, std::ostream& err)
      : telling_(telling), out_(out), err_(err) {}

  // False where the line makes no sense at its place.
  bool read(std::size_t number, JournalLine line) {
    number_ = number;
    return std::visit([this](auto& one) { return take(one); }, line);
  }
  // Judges the last step, and all.
  int end();

 private:
  bool take(JournalHead& head);
  bool take(JournalEntry& entry);
  bool take(const JournalDid& did);
  bool take(const JournalGap& gap);
  // The recorded digest of the last step, or none: are its commands the same?
  void judge(std::optional<JournalDid> recorded);
  void differs(std::string_view what);
  void tell(const JournalEntry& entry);
  // Of the status, one a line.
  std::string changes(core::Now now);

  Telling telling_;
  std::ostream& out_;
  std::ostream& err_;
  std::size_t number_ = 0;
  std::optional<JournalHead> head_;
  core::State state_;
  Json status_;  // as last told
  std::vector<core::Command> did_;  // in the last step
  bool judged_ = true;
  bool gap_ = false;
  std::size_t steps_ = 0;
  std::size_t differences_ = 0;
};

bool Story::take(JournalHead& head) {
  judge(std::nullopt);
  // Where nothing is missing, the replay must have come to the state that the head tells.
  const bool goes_on = head_.has_value() && !std::exchange(gap_, false);
  if (goes_on && state_json(state_) != state_json(head.state)) {
    differs("the state that the replay came to is not the recorded one");
  }
  if (!goes_on) {
    out_ << fmt::format("journal of vipd {}, cluster {}, group {}, instance {}\n", head.version,
                        head.config.cluster, head.config.group, head.state.self.instance);
    if (head.version != VIPD_VERSION) {
      err_ << fmt::format("vipd: this is vipd {}: it may decide otherwise\n", VIPD_VERSION);
    }
    status_ = nullptr;
  }
  state_ = head.state;
  head_ = std::move(head);
  return true;
}

bool Story::take(JournalEntry& entry) {
  if (!head_) return false;
  judge(std::nullopt);
  core::Step step = core::step(head_->config, std::move(state_), entry.event, entry.now);
  state_ = std::move(step.state);
  did_ = std::move(step.commands);
  judged_ = false;
  ++steps_;
  tell(entry);
  return true;
}

bool Story::take(const JournalDid& did) {
  if (!head_ || judged_) return false;
  judge(did);
  return true;
}

bool Story::take(const JournalGap& gap) {
  out_ << fmt::format("-- gap: {}\n", gap.why);
  gap_ = judged_ = true;
  return true;
}

void Story::judge(std::optional<JournalDid> recorded) {
  if (std::exchange(judged_, true)) return;
  const JournalDid mine = digest_of(did_);
  if (!recorded && did_.empty()) return;
  if (recorded != mine) {
    differs(fmt::format("recorded {} commands, the replay has {}",
                        recorded ? recorded->commands : 0, mine.commands));
  }
}

void Story::differs(std::string_view what) {
  ++differences_;
  out_ << fmt::format("!! line {}: {}\n", number_, what);
}

void Story::tell(const JournalEntry& entry) {
  const bool all = telling_ == Telling::kAll;
  std::string text;
  for (const core::Command& command : did_) {
    if (const auto* say = std::get_if<core::Say>(&command)) {
      text += fmt::format("    says {}\n", shown(*say));
    } else if (all || !routine(command)) {
      text += fmt::format("    does {}\n", command_text(command));
    }
  }
  text += changes(entry.now);
  if (text.empty() && !all && routine(entry.event)) return;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(
                                entry.now.at.time_since_epoch()).count();
  out_ << fmt::format("{} {}.{:03} {}\n", rfc3339(entry.now.wall), milliseconds / 1000,
                      milliseconds % 1000, event_text(entry.event))
       << text;
}

std::string Story::changes(core::Now now) {
  std::string text;
  Json status = by_name(status_digest(core::status_json(head_->config, state_, now)));
  for (const Json& change : Json::diff(status_, status)) {
    const std::string path = change["path"];
    if (path.empty()) continue;  // the first status, whole
    text += fmt::format("    now  {} = {}\n", path.substr(1),
                        change.contains("value") ? change["value"].dump() : "gone");
  }
  status_ = std::move(status);
  return text;
}

int Story::end() {
  // A crash leaves an event whose commands were never recorded.
  if (!judged_ && !did_.empty()) {
    out_ << "the journal ends here; the commands of this last event were not recorded\n";
  }
  if (!head_) {
    err_ << "vipd: the journal is empty\n";
    return kCouldNotTell;
  }
  if (differences_ == 0) {
    out_ << fmt::format("{} events: the same commands as recorded\n", steps_);
    return kFine;
  }
  out_ << fmt::format("{} events: {} differences; see the lines with !!\n", steps_, differences_);
  return kFindings;
}

}  // namespace

int replay(std::string_view journal, Telling telling, std::ostream& out, std::ostream& err) {
  Story story(telling, out, err);
  std::size_t number = 0;
  while (!journal.empty()) {
    ++number;
    const auto end = journal.find('\n');
    if (end == journal.npos) {
      err << fmt::format("vipd: line {} is cut short: the journal ends within it\n", number);
      return kCouldNotTell;
    }
    auto line = read_journal_line(journal.substr(0, end));
    journal.remove_prefix(end + 1);
    if (!line.ok()) {
      err << fmt::format("vipd: line {} is no line of a journal: {}\n", number,
                         std::string(line.status().message()));
      return kCouldNotTell;
    }
    if (!story.read(number, *std::move(line))) {
      err << fmt::format("vipd: line {} does not belong there: is the journal's head missing?\n",
                         number);
      return kCouldNotTell;
    }
  }
  return story.end();
}

}  // namespace vipd::shell
