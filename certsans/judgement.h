// What a server's certificate is worth to those who are to reach it: names, dates, chain.
//
// Pure: the clock is handed in. Nothing here trusts what a server says of itself.
// Names   base::names(): RFC 9525.
// Talos   adds names of its own (facts/talos.md 7.2: kubernetes.default..., localhost, the host
//         name with its domain, service and node addresses). They are not `extra`. What it renews
//         by itself lives for 24 h (4.1): where a certificate lives shorter than the threshold,
//         it expires soon in the last quarter of its life.
// Errors  InvalidArgument: the chain or the CA cannot be read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/http_client.h"
#include "certsans/chain.h"
#include "certsans/wanted.h"

namespace vipd::certsans {

struct Expectations {
  std::vector<Wanted> wanted;
  std::vector<std::string> node_names;  // addresses and names that nodes are known by
  Trust trust;
  int min_days = 30;
  base::WallTime now;
};

enum class Problem {
  kMissing,
  kExpired,
  kNotYetValid,
  kExpiring,
  kSelfSigned,
  kWrongOrder,
  kUntrusted,
};

struct Finding {
  Problem problem = Problem::kMissing;
  std::string text;  // what is wrong, for people
  std::string name;  // kMissing: which
  friend bool operator==(const Finding&, const Finding&) = default;
};

struct Judgement {
  Chain chain;
  std::string tls_version;
  std::int64_t days_left = 0;  // whole ones; below zero: expired
  Verdict verdict;
  std::vector<Wanted> missing;
  std::vector<std::string> extra;  // neither wanted nor Talos' own
  std::vector<Finding> findings;
};

absl::StatusOr<Judgement> judge(const base::TlsHandshake& shown, const Expectations& expected);

// "missing", "expired", "not-yet-valid", "expiring", "self-signed", "wrong-order", "untrusted"
[[nodiscard]] std::string text_of(Problem problem);

}  // namespace vipd::certsans
