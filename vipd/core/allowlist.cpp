#include "vipd/core/allowlist.h"

#include "absl/strings/str_cat.h"

namespace vipd::core {
namespace {

bool answers_for(const FloatingIp& fip, const IpAddress& address) {
  const auto prefix = base::IpPrefix::parse(fip.ip);
  return prefix.ok() && prefix->contains(address);
}

}  // namespace

Verdict judge(const Config& config, const DeclaredFip& declared,
              const std::vector<FloatingIp>& fips) {
  Verdict verdict;
  for (const FloatingIp& fip : fips) {
    const bool same = fip.id == declared.id;
    if (!same && !answers_for(fip, declared.address)) continue;
    if (verdict.fip != nullptr) {
      verdict.why_not = absl::StrCat("two Floating IPs (", verdict.fip->id, " and ", fip.id,
                                     ") match ", declared.address.text(),
                                     "; make the declaration in vipd.yaml unambiguous");
      return verdict;
    }
    verdict.fip = &fip;
  }
  if (verdict.fip == nullptr) {
    verdict.why_not =
        absl::StrCat("Floating IP ", declared.id, " is not among those labelled ",
                     config.label_selector(), "; check the id, its labels and the token's project");
  } else if (verdict.fip->id != declared.id) {
    verdict.why_not = absl::StrCat(declared.address.text(), " belongs to Floating IP ",
                                   verdict.fip->id, ", but vipd.yaml declares ", declared.id);
  } else if (!answers_for(*verdict.fip, declared.address)) {
    verdict.why_not = absl::StrCat("Floating IP ", declared.id, " is ", verdict.fip->ip,
                                   ", but vipd.yaml declares ", declared.address.text());
  } else {
    for (const auto& [key, value] : config.labels) {
      const auto label = verdict.fip->labels.find(key);
      if (label != verdict.fip->labels.end() && label->second == value) continue;
      verdict.why_not = absl::StrCat("Floating IP ", declared.id, " does not carry the label ",
                                     key, "=", value, "; it is not touched until it does");
    }
  }
  verdict.allowed = verdict.why_not.empty();
  return verdict;
}

}  // namespace vipd::core
