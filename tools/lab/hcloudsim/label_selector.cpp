#include "tools/lab/hcloudsim/label_selector.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "tools/lab/hcloudsim/text.h"

namespace vipd::hcloudsim {
namespace {

bool is_name(std::string_view text, std::size_t longest, std::string_view inner) {
  if (text.empty() || text.size() > longest) return false;
  return is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return is_letter_or_digit(c) || inner.find(c) != std::string_view::npos;
         });
}

// Commas inside parentheses belong to their term.
std::vector<std::string> split_terms(std::string_view text) {
  std::vector<std::string> terms(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : 0;
    depth -= c == ')' ? 1 : 0;
    if (c == ',' && depth == 0) {
      terms.emplace_back();
    } else {
      terms.back() += c;
    }
  }
  return terms;
}

}  // namespace

bool is_label_key(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return is_name(text, 63, "-_.");
  return is_name(text.substr(0, slash), 253, "-.") && is_name(text.substr(slash + 1), 63, "-_.");
}

bool is_label_value(std::string_view text) { return text.empty() || is_name(text, 63, "-_."); }

absl::StatusOr<LabelSelector::Term> LabelSelector::parse_term(std::string_view text) {
  const std::string term = trimmed(text);
  Term parsed{Kind::kHas, term, {}};
  const auto open = term.find('(');
  if (open != std::string::npos) {
    const std::vector<std::string> words = split(std::string_view(term).substr(0, open), ' ');
    const bool is_set = words.size() == 2 && (words[1] == "in" || words[1] == "notin");
    const auto inside = term.substr(open + 1, term.size() - open - 2);
    for (const std::string& value : split(inside, ',')) parsed.values.push_back(trimmed(value));
    // An empty key is refused below.
    const bool whole = is_set && term.back() == ')' && !parsed.values.empty();
    parsed.key = whole ? words[0] : "";
    parsed.kind = whole && words[1] == "notin" ? Kind::kNotIn : Kind::kIn;
  } else if (const auto equals = term.find('='); equals != std::string::npos) {
    const bool negated = equals > 0 && term[equals - 1] == '!';
    const bool doubled = !negated && equals + 1 < term.size() && term[equals + 1] == '=';
    parsed.kind = negated ? Kind::kNotIn : Kind::kIn;
    parsed.key = trimmed(std::string_view(term).substr(0, equals - (negated ? 1 : 0)));
    parsed.values = {trimmed(std::string_view(term).substr(equals + (doubled ? 2 : 1)))};
  } else if (term.starts_with('!')) {
    parsed.kind = Kind::kHasNot;
    parsed.key = trimmed(std::string_view(term).substr(1));
  }
  const bool good_values = std::all_of(parsed.values.begin(), parsed.values.end(), is_label_value);
  if (is_label_key(parsed.key) && good_values) return parsed;
  return absl::InvalidArgumentError(fmt::format("cannot read the selector's term '{}'", term));
}

absl::StatusOr<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  for (const std::string& each : split_terms(text)) {
    auto term = parse_term(each);
    if (!term.ok()) return term.status();
    selector.terms_.push_back(*std::move(term));
  }
  return selector;
}

bool LabelSelector::matches(const Labels& labels) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    const auto found = labels.find(term.key);
    const bool has = found != labels.end();
    const bool listed = has && std::find(term.values.begin(), term.values.end(),
                                         found->second) != term.values.end();
    switch (term.kind) {
      case Kind::kHas: return has;
      case Kind::kHasNot: return !has;
      case Kind::kIn: return listed;
      case Kind::kNotIn: return !listed;
    }
    return false;
  });
}

}  // namespace vipd::hcloudsim
