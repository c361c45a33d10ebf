// What Hetzner says, read as rarely as it serves (rules A4, A5, A12, A13, A20).
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

bool on_list(Turn& turn, const FipsListed& event);  // false: given up before
// True where the call was one of the reads'.
bool on_reads(Turn& turn, const ServerSeen& event);
bool reads_failed(Turn& turn, const HcloudFailed& event);
void on(Turn& turn, const TokenSeen& event);

// Takes up what a record in etcd says about a FIP, where it is news.
void learn_from_records(Turn& turn);

// Sends the list that is due: at start, on a new token, every 6 h, every 125 s as holder, now and
// then while nobody holds the key, and where the work on a FIP needs one sent at or after
// `read_after`.
void keep_reads(Turn& turn);

// Remembers headers, rate limits and refusals that any answer may carry.
void note_rate(Turn& turn, const Rate& rate);
void note_limit(Turn& turn, const HcloudFailed& event);
void note_refusal(Turn& turn, HcloudError error, const std::string& why);

// Hetzner said that it is not as declared (rule A20); one of them.
[[nodiscard]] bool undeclared(const State& state, FipId fip);
[[nodiscard]] bool undeclared(const Config& config, const State& state);

}  // namespace vipd::core
