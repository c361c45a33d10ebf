// What etcd holds for our group, as far as this process has seen: a mirror, fed by the list,
// the watch and single reads. It decides nothing.
//
// Order    Answers may overtake each other: a key is changed only by something at least as new.
// Garbage  A value that does not parse is kept as a problem. A leader key stays taken by
//          somebody unknown (nobody acquires over it), a pause still pauses, everything else
//          counts as absent.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vipd/core/config.h"
#include "vipd/core/event.h"
#include "vipd/core/records.h"

namespace vipd::core {

template <typename Record>
struct Held {
  KeyValue kv;
  Record record;
  bool readable = true;
  Instant seen_at;     // when this process saw this revision of it
  bool fresh = false;  // seen as a change, so seen_at tells its age
};

struct Keys {
  bool current = false;  // listed, and the watch is up
  Revision listed_at = 0;  // of the first list of this process
  Revision newest = 0;
  Instant newest_at;
  Revision leader_as_of = 0;
  std::optional<Held<LeaderRecord>> leader;
  Instant leader_absent_since;
  std::map<std::string, Held<NodeRecord>> nodes;  // by instance
  std::map<FipId, Held<AssignmentRecord>> assignments;
  std::map<FipId, KeyValue> assignment_keys;  // readable or not: what a compare must name
  std::optional<Held<RequestRecord>> request;
  std::optional<Held<PauseRecord>> pause;
  std::map<std::string, std::string> problems;  // by key
  std::string watch_problem;

  // What the newest instance of this server says. The key of one that crashed outlives it by a
  // ttl; since it writes no more, the key written last is that of the instance which runs.
  [[nodiscard]] const NodeRecord* node_of(ServerId server) const;
};

// True where the answer can only come from an etcd that was put back (rule E4): its request
// left after a higher revision had been seen.
[[nodiscard]] bool went_back(const Keys& keys, Revision revision, Instant sent_at);

void apply(Keys& keys, const std::string& prefix, const EtcdSnapshot& snapshot, Instant now);
void apply(Keys& keys, const std::string& prefix, const EtcdChanged& changed, Instant now);
// A linearizable read of the leader key.
void apply_leader(Keys& keys, const KeyRead& read, Instant now);

}  // namespace vipd::core
