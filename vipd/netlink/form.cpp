#include "vipd/netlink/form.h"

#include <linux/rtnetlink.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace vipd::netlink {
namespace {

std::string scope_name(int scope) {
  switch (scope) {
    case RT_SCOPE_UNIVERSE:
      return "global";
    case RT_SCOPE_LINK:
      return "link";
    case RT_SCOPE_HOST:
      return "host";
    default:
      return absl::StrCat(scope);
  }
}

std::string describe(const Record& record) {
  return absl::StrCat(record.address.text(), "/", record.prefix_length, " scope ",
                      scope_name(record.scope), record.deprecated ? "" : ", preferred",
                      record.protocol == kMark ? ", with" : ", without", " vipd's mark");
}

absl::Status foreign(const Record& record) {
  return absl::FailedPreconditionError(absl::StrCat(
      "lo carries ", describe(record), "; it was put there by something else (machine config, ",
      "another VIP manager, or by hand) and is left alone: take it out there, then vipd adds ",
      "its own"));
}

}  // namespace

bool has_our_form(const Record& record) {
  const bool v4 = record.address.family == base::Family::kV4;
  return record.protocol == kMark && record.deprecated &&
         record.prefix_length == (v4 ? 32 : 128) &&
         record.scope == (v4 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE);
}

absl::StatusOr<bool> must_add(const std::vector<Record>& on_lo, const base::IpAddress& address) {
  const Record* other = nullptr;
  for (const Record& record : on_lo) {
    if (record.address != address) continue;
    if (has_our_form(record)) return false;
    other = &record;
  }
  if (other != nullptr) return foreign(*other);
  return true;
}

absl::StatusOr<std::vector<Record>> to_remove(const std::vector<Record>& on_lo,
                                              const base::IpAddress& address) {
  std::vector<Record> ours;
  const Record* other = nullptr;
  for (const Record& record : on_lo) {
    if (record.address != address) continue;
    if (record.protocol == kMark) {
      ours.push_back(record);
    } else {
      other = &record;
    }
  }
  if (ours.empty() && other != nullptr) return foreign(*other);
  return ours;
}

}  // namespace vipd::netlink
