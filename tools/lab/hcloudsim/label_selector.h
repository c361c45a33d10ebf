// Labels and the selector grammar of list calls.
//
//   k==v  k=v  k!=v  k  !k  k in (a,b)  k notin (a,b), joined by commas (all must hold)
//
// Source  facts/hetzner-api.md 10.6. `!=` and `notin` also match where the key is missing, as in
//         Kubernetes, whose grammar this is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/lab/hcloudsim/resources.h"

namespace vipd::hcloudsim {

// "[prefix/]name": name of 63 characters at most, prefix a DNS name of 253 at most.
[[nodiscard]] bool is_label_key(std::string_view text);
// Empty, or 63 characters at most that begin and end with a letter or digit.
[[nodiscard]] bool is_label_value(std::string_view text);

class LabelSelector {
 public:
  // InvalidArgument that quotes the term it cannot read.
  static absl::StatusOr<LabelSelector> parse(std::string_view text);
  [[nodiscard]] bool matches(const Labels& labels) const;

 private:
  enum class Kind { kHas, kHasNot, kIn, kNotIn };
  struct Term {
    Kind kind = Kind::kHas;
    std::string key;
    std::vector<std::string> values;
  };
  static absl::StatusOr<Term> parse_term(std::string_view text);

  std::vector<Term> terms_;
};

}  // namespace vipd::hcloudsim
