// Values of our keys in etcd, which anybody with a client certificate can write.
#include <array>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "vipd/core/keys.h"

using namespace vipd::core;
using vipd::fuzz::must;

namespace {

template <typename Record>
void read_twice(std::string_view value) {
  const auto record = Record::parse(value);
  if (!record.ok()) return;
  const auto again = Record::parse(record->text());
  must(again.ok() && again->text() == record->text(), "a record that is written reads the same");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string value(vipd::fuzz::text(data, size));
  read_twice<LeaderRecord>(value);
  read_twice<NodeRecord>(value);
  read_twice<AssignmentRecord>(value);
  read_twice<RequestRecord>(value);
  read_twice<PauseRecord>(value);
  Keys keys;
  EtcdSnapshot snapshot;
  snapshot.revision = 2;
  for (const char* key : {"leader", "nodes/ab", "assignment/7", "request", "pause"})
    snapshot.keys.push_back({std::string("/vipd/lab/api/") + key, value, 2, 0});
  snapshot.keys.push_back({"/vipd/lab/api/" + value.substr(0, 64), value, 2, 0});
  apply(keys, "/vipd/lab/api/", snapshot, Instant());
  must(keys.leader.has_value(), "a leader key is taken, readable or not");
  must(keys.pause.has_value(), "a pause pauses, readable or not");
  return 0;
}
