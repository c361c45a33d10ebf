// Rules by which the API misbehaves. The first rule that matches a request and is not used up
// decides.
//
// A fault has up to three effects: whether the request is carried out, when, and what becomes of
// its answer. README.md lists the kinds.
#pragma once

#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "base/json.h"
#include "tools/lab/hcloudsim/api_error.h"
#include "tools/lab/hcloudsim/latency.h"

namespace vipd::hcloudsim {

enum class FaultKind {
  kReset, kHang, kHtml502, kTruncate, kMalformed, kHuge,  // what becomes of the answer
  kRefusal,                                               // an API error is answered instead
  kLate, kLateAssign, kSlow,                              // when
  kActionError,                                           // how the action ends
};

struct Fault {
  std::string name;
  FaultKind kind = FaultKind::kReset;
  bool applied = false;  // the request is carried out all the same
  std::optional<ApiError> refusal{};
  Milliseconds after{0};  // kLate, kLateAssign, kSlow
};

struct FaultSubject {
  std::string method;
  std::string target;
  std::string token;  // its text
  std::string peer;
};

class Faults {
 public:
  // {"match":{method?,path_regex?,token?,peer?,nth?},"fault":NAME,"after_ms"?,"applied"?,"count"?}
  // and, for the fault "error", "status", "code" and "message".
  std::optional<ApiError> add(const base::Json& rule);
  void clear() { rules_.clear(); }
  // Counts the request in every rule that matches it.
  std::optional<Fault> next(const FaultSubject& subject);
  // Rules with how often they matched and fired; tokens are left out.
  [[nodiscard]] base::Json json() const;

 private:
  struct Rule {
    std::optional<std::string> method;
    std::optional<std::string> path_text;
    std::regex path;
    std::optional<std::string> token;
    std::optional<std::string> peer;
    std::int64_t nth = 1;                // fires from this match on
    std::optional<std::int64_t> count;   // so often; none: for ever
    Fault fault;
    std::int64_t matched = 0;
    std::int64_t fired = 0;

    [[nodiscard]] bool matches(const FaultSubject& subject) const;
  };
  std::vector<Rule> rules_;
};

}  // namespace vipd::hcloudsim
