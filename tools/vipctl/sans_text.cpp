#include "tools/vipctl/sans_text.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/str_join.h"
#include "base/table.h"

namespace vipd::vipctl {
namespace {

using base::Json;
using base::printable;

base::Row row_of(const Json& server) {
  const std::string what = std::string(server["stable"] == true ? "stable " : "") +
                           server["service"].get<std::string>();
  if (server["reached"] == false) {
    return {printable(server["server"]), what, "-", "-", "-", "-", "-", "not reached"};
  }
  std::vector<std::string> problems;
  for (const Json& each : server["findings"]) {
    const std::string problem = each["problem"];
    if (problems.empty() || problems.back() != problem) problems.push_back(problem);
  }
  return {printable(server["server"]), what, server["tlsVersion"], printable(server["key"]),
          printable(server["issuer"]), server["daysLeft"].dump(), server["verified"],
          problems.empty() ? "-" : absl::StrJoin(problems, ", ")};
}

std::string who(const Json& server) {
  return fmt::format("{} {}", printable(server["server"]), server["service"].get<std::string>());
}

std::string joined(const Json& texts) {
  return printable(absl::StrJoin(texts.get<std::vector<std::string>>(), ", "));
}

// One text for people, for all servers that it holds for, in the order of their first one.
class Remarks {
 public:
  void add(const std::string& text, const std::string& next, const std::string& server) {
    const auto known = std::find_if(
        remarks_.begin(), remarks_.end(),
        [&](const Remark& other) { return other.text == text && other.next == next; });
    if (known == remarks_.end()) {
      remarks_.push_back({text, next, {server}});
    } else {
      known->servers.push_back(server);
    }
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const Remark& each : remarks_) {
      all += fmt::format("{}\n  at:   {}\n", printable(each.text),
                         absl::StrJoin(each.servers, ", "));
      if (!each.next.empty()) all += fmt::format("  next: {}\n", printable(each.next));
    }
    return all;
  }

 private:
  struct Remark {
    std::string text;
    std::string next;
    std::vector<std::string> servers;
  };
  std::vector<Remark> remarks_;
};

std::string remarks_on(const Json& servers) {
  Remarks remarks;
  for (const Json& server : servers) {
    if (server["reached"] == false) {
      remarks.add(fmt::format("not reached: {}", server["why"].get<std::string>()), server["next"],
                  who(server));
      continue;
    }
    for (const Json& each : server["findings"]) {
      remarks.add(each["text"], each["next"], who(server));
    }
  }
  for (const Json& server : servers) {
    if (server["reached"] == false) continue;
    if (server["verified"] == "not judged") {
      remarks.add(fmt::format("chain not judged: {}; name one with --ca",
                              server["verifiedWhy"].get<std::string>()),
                  "", who(server));
    }
    if (!server["extra"].empty()) {
      remarks.add("names besides, which is no fault: " + joined(server["extra"]), "", who(server));
    }
  }
  return remarks.text();
}

// Everything that each server showed.
std::string details_of(const Json& servers) {
  std::string text;
  for (const Json& server : servers) {
    if (server["reached"] == false) continue;
    text += fmt::format("{} shows\n  names: {}\n  valid: {} to {}\n", who(server),
                        joined(server["names"]), server["notBefore"].get<std::string>(),
                        server["notAfter"].get<std::string>());
    for (const Json& each : server["chain"]) {
      text += fmt::format("  chain: {}, by {}, until {}\n", printable(each["subject"]),
                          printable(each["issuer"]), each["notAfter"].get<std::string>());
    }
  }
  return text;
}

}  // namespace

std::string sans_text(const Json& report, bool wide) {
  std::vector<base::Row> rows = {
      {"SERVER", "WHAT", "TLS", "KEY", "ISSUER", "DAYS", "CHAIN", "FINDINGS"}};
  for (const Json& server : report["servers"]) rows.push_back(row_of(server));
  const auto count = [](const Json& number, const char* one, const char* many) {
    return number == 1 ? std::string(one) : fmt::format("{} {}", number.dump(), many);
  };
  return base::table(rows) + "\n" + (wide ? details_of(report["servers"]) + "\n" : "") +
         remarks_on(report["servers"]) +
         fmt::format("{}, {}; nodes: {}\n", count(report["findings"], "1 finding", "findings"),
                     count(report["notReached"], "1 server not reached", "servers not reached"),
                     printable(report["nodesFrom"]));
}

}  // namespace vipd::vipctl
