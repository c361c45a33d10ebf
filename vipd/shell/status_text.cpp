#include "vipd/shell/status_text.h"

#include <vector>

#include "fmt/format.h"
#include "vipd/shell/text_table.h"

namespace vipd::shell {
namespace {

using base::Json;

std::string who(const Json& holder) {
  if (!holder.is_object()) return "nobody";
  return fmt::format("{} (server {})", shown(holder, "node"), shown(holder, "server"));
}

std::string lease_text(const Json& lease) {
  const auto& remaining = field(lease, "remaining_ms");
  if (!remaining.is_number()) return "-";
  return fmt::format("{}, {:.1f} s left", shown(lease, "id"), remaining.get<double>() / 1000);
}

std::string pause_text(const Json& pause) {
  std::string text = fmt::format("{}by {}: {}", field(pause, "hard") == true ? "hard, " : "",
                                 shown(pause, "by"), shown(pause, "reason"));
  if (shown(pause, "until") != "-") text += fmt::format(" (until {})", shown(pause, "until"));
  return text;
}

std::string held_by(const Json& holder) {
  if (!holder.is_object()) return "nobody";
  std::string text = fmt::format("{}, since {}, {}", who(holder), shown(holder, "since"),
                                 shown(holder, "cause"));
  if (shown(holder, "reason") != "-") text += ": " + shown(holder, "reason");
  return text;
}

// A limit of 0: Hetzner has not said one.
std::string hcloud_text(const Json& hcloud) {
  const std::string asked =
      fmt::format("{} lists, {} assigns, {} others", shown(hcloud, "lists"),
                  shown(hcloud, "assigns"), shown(hcloud, "others"));
  if (field(hcloud, "limit") == 0) return "no answer yet; asked: " + asked;
  return fmt::format("{} of {} requests left; {}", shown(hcloud, "remaining"),
                     shown(hcloud, "limit"), asked);
}

// These fields of the status, as they stand there; null where one is missing.
Json part(const Json& status, std::initializer_list<const char*> names) {
  Json chosen = Json::object();
  for (const char* name : names) chosen[name] = field(status, name);
  return chosen;
}

std::string summary(const Json& status) {
  std::vector<Row> rows = {
      {"node", fmt::format("{} (server {}), instance {}", shown(status, "node"),
                           shown(status, "server"), shown(status, "instance"))},
      {"state", shown(status, "state")},
      {"ready", shown(status, "ready")},
      {"holder", held_by(field(status, "holder"))},
      {"epoch", shown(status, "epoch")},
      {"lease", lease_text(field(status, "lease"))},
  };
  const auto& pause = field(status, "paused");
  if (pause.is_object()) rows.push_back({"paused", pause_text(pause)});
  const auto& hcloud = field(status, "hcloud");
  if (hcloud.is_object()) {
    rows.push_back({"hcloud", hcloud_text(hcloud)});
  }
  rows.push_back({"next", shown(status, "next")});
  return table(rows);
}

std::string problems_text(const Json& problems) {
  std::string text;
  if (!problems.is_array()) return text;
  for (const auto& problem : problems) text += "\n! " + shown(problem);
  return text.empty() ? text : text + "\n";
}

std::string alive_text(const Json& alive) {
  if (!alive.is_boolean()) return "unknown: nobody can read the key";
  return alive == true ? "yes: its nodes/ key is there" : "no: its nodes/ key is gone";
}

}  // namespace

std::string status_text(const Json& status) {
  return fmt::format("vipd {}  {}/{}\n\n", shown(status, "version"), shown(status, "cluster"),
                     shown(status, "group")) +
         summary(status) + problems_text(field(status, "problems")) +
         section(field(status, "fips"),
                 {"FLOATING IP", "ADDRESS", "PHASE", "SERVER", "VERIFIED", "WHY"},
                 {"id", "address", "phase", "server", "verified", "why"}) +
         section(field(status, "gate"), {"GATE", "OK", "EVIDENCE"},
                 {"condition", "ok", "evidence"}) +
         section(field(status, "nodes"), {"NODE", "SERVER", "READY", "ADDRESS", "INSTANCE", "WHY"},
                 {"node", "server", "ready", "address", "instance", "why"}) +
         section(field(status, "moves"), {"MOVE", "FROM", "TO", "CAUSE", "EPOCH"},
                 {"at", "from", "to", "cause", "epoch"});
}

std::string why_text(const Json& status) {
  std::string text = fmt::format("{}: {}, {}ready\n{}\n", shown(status, "node"),
                                 shown(status, "state"),
                                 field(status, "ready") == true ? "" : "not ",
                                 shown(status, "next"));
  text += fmt::format("holder: {}\n", held_by(field(status, "holder")));
  const auto& pause = field(status, "paused");
  if (pause.is_object()) text += fmt::format("paused: {}\n", pause_text(pause));
  text += problems_text(field(status, "problems"));
  text += section(field(status, "gate"), {"GATE", "OK", "EVIDENCE"},
                  {"condition", "ok", "evidence"});
  text += section(field(status, "moves"),
                  {"MOVE", "FROM", "TO", "CAUSE", "RULE", "EPOCH", "REASON"},
                  {"at", "from", "to", "cause", "rule", "epoch", "reason"});
  if (field(status, "moves").empty()) text += "\nno move seen since this vipd started\n";
  text += "\nIF THIS NODE DIED NOW\n";
  for (const auto& sentence : field(status, "ifThisNodeDied")) text += shown(sentence) + "\n";
  return text;
}

Json why_part(const Json& status) {
  return part(status, {"node", "server", "instance", "state", "ready", "next", "holder", "paused",
                       "problems", "gate", "moves", "ifThisNodeDied"});
}

Json leader_part(const Json& status) { return part(status, {"holder", "epoch"}); }

std::string leader_text(const Json& status) {
  const auto& holder = field(status, "holder");
  if (!holder.is_object()) return "nobody holds the leader key\n";
  return table({{"holder", who(holder)},
                {"instance", shown(holder, "instance")},
                {"epoch", shown(status, "epoch")},
                {"lease", shown(holder, "lease")},
                {"alive", alive_text(field(holder, "alive"))},
                {"since", fmt::format("{}, {}", shown(holder, "since"), shown(holder, "cause"))}});
}

std::string holder_text(const Json& status) {
  std::string text = fmt::format("holder {}, epoch {}", who(field(status, "holder")),
                                 shown(status, "epoch"));
  const auto& fips = field(status, "fips");
  if (!fips.is_array()) return text;
  for (const auto& fip : fips) {
    const bool verified = field(fip, "verified") == true;
    text += fmt::format("; {} {} on server {}", shown(fip, "address"),
                        verified ? "verified" : shown(fip, "phase"), shown(fip, "server"));
  }
  return text;
}

}  // namespace vipd::shell
