#include "tests/lab/judge.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <sstream>
#include <utility>

namespace vipd::lab {
namespace {

// Under load a watch, or Hetzner's stand-in, is that much behind.
constexpr std::int64_t kBehind = 1'000'000'000;
constexpr std::int64_t kCallLives = 3'000'000'000;

struct Intent {
  std::int64_t fip = 0;
  std::int64_t server = 0;
  std::int64_t epoch = 0;
  std::size_t at = 0;  // its place in the history
  std::int64_t seen_ns = 0;
  bool late = false;
  bool used = false;
};

std::string decoded(const std::string& base64) {
  std::string bytes(base64.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(base64.data()),
                                   static_cast<int>(base64.size()));
  const auto padding = std::count(base64.begin(), base64.end(), '=');
  bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size) - static_cast<std::size_t>(padding));
  return bytes;
}

std::int64_t number(const base::Json& json, const char* name) {
  return base::json_integer(json, name).value_or(0);
}

// etcd's history read as a story: who leads since which epoch, which intents, what followed them.
class Story {
 public:
  void tell(const KeyEvent& event) {
    ++at_;
    const auto json = base::parse_json(event.value);
    if (event.name == "leader") {
      epoch_ = json.ok() ? event.revision : 0;
      leader_ = json.ok() ? number(*json, "server") : 0;
    } else if (event.name.starts_with("assignment/") && json.ok() && json->is_object()) {
      assignment(event, *json);
    }
  }

  // Takes the oldest intent that fits: those behind it serve longer.
  bool covers(const base::Json& accepted) {
    const auto when = number(accepted, "boot_ns");
    const auto named = first_named_.find(number(accepted, "action"));
    const auto found = std::find_if(intents_.begin(), intents_.end(), [&](const Intent& one) {
      return !one.used && one.fip == number(accepted, "fip") &&
             one.server == number(accepted, "server") &&
             when <= one.seen_ns + kCallLives + kBehind &&
             (one.late || one.seen_ns <= when + kBehind) &&
             (named == first_named_.end() || one.at < named->second);
    });
    if (found == intents_.end()) return false;
    found->used = true;
    return true;
  }

  std::vector<std::string> wrong;

 private:
  void assignment(const KeyEvent& event, const base::Json& record) {
    const std::string state = base::json_text(record, "state").value_or("");
    if (state != "intent" && state != "running" && state != "verified") return;  // not vipd's word
    const Intent seen{number(record, "fip"),   number(record, "server"),
                      number(record, "epoch"), at_,
                      event.seen_ns,           event.late};
    if (seen.epoch != epoch_ || seen.server != leader_)
      wrong.push_back(
          fmt::format("revision {}: a record ({}) of epoch {} by server {}, while the "
                      "leader key is of epoch {} and names server {}",
                      event.revision, state, seen.epoch, seen.server, epoch_, leader_));
    if (state == "intent") {
      intents_.push_back(seen);
      return;
    }
    const bool intended = std::any_of(intents_.begin(), intents_.end(), [&](const Intent& one) {
      return one.fip == seen.fip && one.server == seen.server && one.epoch == seen.epoch;
    });
    if (!intended)
      wrong.push_back(fmt::format("revision {}: a record ({}) of epoch {} without its intent",
                                  event.revision, state, seen.epoch));
    first_named_.emplace(number(record, "action"), at_);
  }

  std::size_t at_ = 0;
  std::int64_t epoch_ = 0;
  std::int64_t leader_ = 0;
  std::vector<Intent> intents_;
  std::map<std::int64_t, std::size_t> first_named_;  // by action
};

// "4711.05", as /proc/uptime has it: CLOCK_BOOTTIME, cut down to hundredths.
std::int64_t uptime_ns(const std::string& seconds) {
  return static_cast<std::int64_t>(std::strtod(seconds.c_str(), nullptr) * 100.0 + 0.5) *
         10'000'000;
}

}  // namespace

std::vector<std::string> unguarded_assigns(const base::Json& audit,
                                           const std::vector<KeyEvent>& history) {
  Story story;
  for (const auto& event : history) story.tell(event);
  for (const auto& line : audit) {
    if (line.value("event", "") != "assign_accepted" || story.covers(line)) continue;
    story.wrong.push_back("no intent stands behind " + line.dump());
  }
  return story.wrong;
}

std::vector<KeyEvent> merged(const std::vector<KeyEvent>& told) {
  std::map<std::pair<std::int64_t, std::string>, KeyEvent> first;
  for (const auto& event : told) {
    const auto [at, is_new] = first.emplace(std::pair(event.revision, event.name), event);
    if (!is_new && event.seen_ns < at->second.seen_ns) at->second = event;
  }
  std::vector<KeyEvent> history;
  for (const auto& [place, event] : first) history.push_back(event);
  return history;
}

std::vector<KeyEvent> restored(std::vector<KeyEvent> before, const std::vector<KeyEvent>& after) {
  const auto news = std::mismatch(after.begin(), after.end(), before.begin(), before.end()).first;
  const auto leader = std::find_if(std::make_reverse_iterator(news), after.rend(),
                                   [](const KeyEvent& event) { return event.name == "leader"; });
  if (leader != after.rend()) before.push_back(*leader);
  before.insert(before.end(), news, after.end());
  return before;
}

std::vector<KeyEvent> parse_history(const std::string& watched, const std::string& prefix) {
  std::vector<KeyEvent> history;
  std::istringstream lines(watched);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    if (space == std::string::npos) continue;
    const auto answer = base::parse_json(line.substr(space + 1));
    if (!answer.ok() || !answer->contains("Events") || !(*answer)["Events"].is_array()) continue;
    const auto newest = number((*answer)["Header"], "revision");
    for (const auto& event : (*answer)["Events"]) {
      const auto& kv = event["kv"];
      const auto revision = number(kv, "mod_revision");
      const std::string key = decoded(kv.value("key", ""));
      if (!key.starts_with(prefix)) continue;
      history.push_back({key.substr(prefix.size()), decoded(kv.value("value", "")), revision,
                         uptime_ns(line), revision < newest});
    }
  }
  return history;
}

}  // namespace vipd::lab
