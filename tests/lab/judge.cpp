#include "tests/lab/judge.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <sstream>

namespace vipd::lab {
namespace {

struct Intent {
  std::int64_t fip = 0;
  std::int64_t server = 0;
  std::int64_t epoch = 0;
  std::int64_t action = 0;  // that followed it; 0: none is known
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
    const auto json = base::parse_json(event.value);
    if (event.name == "leader") {
      epoch_ = json.ok() ? event.revision : 0;
      leader_ = json.ok() ? number(*json, "server") : 0;
    } else if (event.name.starts_with("assignment/") && json.ok()) {
      assignment(event, *json);
    }
  }

  std::vector<Intent> intents;
  std::vector<std::string> wrong;

 private:
  void assignment(const KeyEvent& event, const base::Json& record) {
    const Intent seen{number(record, "fip"), number(record, "server"), number(record, "epoch")};
    if (record.value("state", "") == "intent") {
      if (seen.epoch != epoch_ || seen.server != leader_)
        wrong.push_back(
            fmt::format("revision {}: an intent of epoch {} by server {}, while the "
                        "leader key is of epoch {} and names server {}",
                        event.revision, seen.epoch, seen.server, epoch_, leader_));
      intents.push_back(seen);
      return;
    }
    const auto action = number(record, "action");
    const bool known = std::any_of(intents.begin(), intents.end(),
                                   [&](const Intent& one) { return one.action == action; });
    if (action == 0 || known) return;
    const auto last = std::find_if(intents.rbegin(), intents.rend(), [&](const Intent& one) {
      return one.fip == seen.fip && one.server == seen.server && one.epoch == seen.epoch;
    });
    if (last != intents.rend() && last->action == 0) last->action = action;
  }

  std::int64_t epoch_ = 0;
  std::int64_t leader_ = 0;
};

bool covered(std::vector<Intent>& intents, const base::Json& accepted) {
  const auto mine = [&](const Intent& one) {
    return !one.used && one.fip == number(accepted, "fip") &&
           one.server == number(accepted, "server");
  };
  auto found = std::find_if(intents.begin(), intents.end(), [&](const Intent& one) {
    return mine(one) && one.action == number(accepted, "action");
  });
  if (found == intents.end())
    found = std::find_if(intents.begin(), intents.end(),
                         [&](const Intent& one) { return mine(one) && one.action == 0; });
  if (found == intents.end()) return false;
  found->used = true;
  return true;
}

}  // namespace

std::vector<std::string> unguarded_assigns(const base::Json& audit,
                                           const std::vector<KeyEvent>& history) {
  Story story;
  for (const auto& event : history) story.tell(event);
  for (const auto& line : audit) {
    if (line.value("event", "") != "assign_accepted" || covered(story.intents, line)) continue;
    story.wrong.push_back("no intent stands behind " + line.dump());
  }
  return story.wrong;
}

std::vector<KeyEvent> parse_history(const std::string& watched, const std::string& prefix) {
  std::vector<KeyEvent> history;
  std::istringstream lines(watched);
  for (std::string line; std::getline(lines, line);) {
    const auto answer = base::parse_json(line);
    if (!answer.ok() || !answer->contains("Events") || !(*answer)["Events"].is_array()) continue;
    for (const auto& event : (*answer)["Events"]) {
      const auto& kv = event["kv"];
      const std::string key = decoded(kv.value("key", ""));
      if (!key.starts_with(prefix)) continue;
      history.push_back(
          {key.substr(prefix.size()), decoded(kv.value("value", "")), number(kv, "mod_revision")});
    }
  }
  return history;
}

}  // namespace vipd::lab
