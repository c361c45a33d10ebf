#include "tests/lab/witness.h"

#include <fmt/format.h>

#include <utility>

#include "base/file.h"

namespace vipd::lab {
namespace {

constexpr std::size_t kMostBytes = 64 << 20;
constexpr const char* kPrefix = "/vipd/lab/api/";
// $1 is the file, the rest etcdctl's command line. A watch ends where its etcd is not there.
constexpr const char* kScript = R"(
file=$1; shift
{ while :; do "$@" watch --prefix /vipd/ --rev=1 -w json; sleep 0.5; done |
  while read -r line; do read -r up idle </proc/uptime; echo "$up $line"; done
} >"$file" 2>/dev/null </dev/null &
)";

}  // namespace

void Witness::watch(const std::string& node, const std::vector<std::string>& etcdctl) {
  files_.push_back(fmt::format("{}/etcd-history-{}-{}", folder_, ++watches_, node));
  std::vector<std::string> argv = {"sh", "-c", kScript, "sh", files_.back()};
  argv.insert(argv.end(), etcdctl.begin(), etcdctl.end());
  run_(node, argv);
}

void Witness::start_over() {
  before_ = history();
  files_.clear();
}

std::vector<KeyEvent> Witness::history() const {
  return before_.empty() ? told() : restored(before_, told());
}

std::vector<KeyEvent> Witness::told() const {
  std::vector<KeyEvent> all;
  for (const auto& file : files_) {
    const auto text = base::read_file(file, kMostBytes);  // not there before its shell has begun
    const auto events = parse_history(text.value_or(""), kPrefix);
    all.insert(all.end(), events.begin(), events.end());
  }
  return merged(all);
}

}  // namespace vipd::lab
