#include "tools/vipctl/reserve_plan.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/table.h"
#include "tools/vipctl/fip_report.h"

namespace vipd::vipctl {
namespace {

using base::printable;
using Problems = std::vector<std::string>;

bool answers_for(const HetznerFip& fip, const core::IpAddress& address) {
  const auto prefix = base::IpPrefix::parse(fip.seen.ip);
  return prefix.ok() && prefix->contains(address);
}

bool matches(const WantedFip& wanted, const HetznerFip& fip) {
  return fip.seen.id == wanted.id || (wanted.address && answers_for(fip, *wanted.address)) ||
         (!wanted.name.empty() && fip.seen.name == wanted.name);
}

std::string text_of(const WantedFip& wanted) {
  if (!wanted.name.empty()) return printable(wanted.name);
  return wanted.address ? wanted.address->text() : std::to_string(wanted.id);
}

std::string text_of(const HetznerFip& fip) {
  return fmt::format("Floating IP {} ({}, {})", fip.seen.id, printable(fip.seen.name),
                     printable(fip.seen.ip));
}

std::string missing_labels(const shell::Settings& settings, const HetznerFip& fip) {
  std::string missing;
  for (const auto& [key, value] : settings.core.labels) {
    const auto found = fip.seen.labels.find(key);
    if (found != fip.seen.labels.end() && found->second == value) continue;
    missing += fmt::format(" {}={}", key, value);
  }
  return missing;
}

void check_parts(const WantedFip& wanted, const HetznerFip& fip, Problems& problems) {
  const std::string name = text_of(fip);
  if (wanted.id != 0 && wanted.id != fip.seen.id) {
    problems.push_back(
        fmt::format("{}: vipd.yaml says id {}: correct it there, or take it out", name, wanted.id));
  }
  if (wanted.address && !answers_for(fip, *wanted.address)) {
    problems.push_back(fmt::format("{}: vipd.yaml says {}: correct it there, or take it out", name,
                                   wanted.address->text()));
  }
  if (!wanted.name.empty() && wanted.name != fip.seen.name) {
    problems.push_back(fmt::format(
        "{}: vipd.yaml calls it {}: correct that, or run `hcloud floating-ip update {} --name {}`",
        name, printable(wanted.name), fip.seen.id, printable(wanted.name)));
  }
  const bool is_v6 = wanted.address && wanted.address->family == base::Family::kV6;
  if (fip.type != (is_v6 ? "ipv6" : "ipv4")) {
    problems.push_back(fmt::format(
        "{}: is of type {}, but {} is wanted: write the id of another one, or another name", name,
        printable(fip.type), is_v6 ? "ipv6" : "ipv4"));
  }
}

void check_state(const shell::Settings& settings, const HetznerFip& fip, Problems& problems) {
  const std::string name = text_of(fip);
  const std::string& location = settings.endpoint.location;
  if (!location.empty() && location != fip.location) {
    problems.push_back(fmt::format(
        "{}: its home is {}, which cannot be changed: write endpoint.location: {}, or the name of "
        "a new one",
        name, printable(fip.location), printable(fip.location)));
  }
  if (fip.seen.blocked) {
    problems.push_back(fmt::format("{}: Hetzner has blocked it: ask their support", name));
  }
  const std::string missing = missing_labels(settings, fip);
  if (!missing.empty() && !fip.seen.labels.empty()) {
    problems.push_back(
        fmt::format("{}: carries {}, not{}: it is somebody else's; if it is yours, run "
                    "`hcloud floating-ip add-label --overwrite {}{}`",
                    name, labels_text(fip.seen.labels), missing, fip.seen.id, missing));
  }
}

void check_new(const shell::Settings& settings, const WantedFip& wanted, Problems& problems) {
  if (wanted.id != 0 || wanted.address) {
    problems.push_back(fmt::format(
        "{}: no Floating IP of the token's project is that{}: Hetzner chooses ids and addresses; "
        "check the token's project, or take {} out of vipd.yaml and run vipctl reserve{} again",
        text_of(wanted), wanted.name.empty() ? "" : ", nor has the id or address written with it",
        wanted.is_spare ? "it" : "id and address", wanted.is_spare ? " --spare" : ""));
  } else if (settings.endpoint.location.empty()) {
    problems.push_back(fmt::format(
        "{}: no Floating IP has that name; to create it vipd.yaml must say where its home is: "
        "endpoint: {{location: fsn1}}",
        text_of(wanted)));
  }
}

std::string names_of(const std::vector<const HetznerFip*>& fips) {
  std::string text;
  for (const HetznerFip* each : fips) text += (text.empty() ? "" : " and ") + text_of(*each);
  return text;
}

// Those with the group's labels that nobody declares.
std::vector<const HetznerFip*> strays(const shell::Settings& settings, const HetznerFips& fips) {
  const auto known = wanted_fips(settings, true);
  std::vector<const HetznerFip*> found;
  for (const HetznerFip& fip : fips) {
    const bool is_known = std::any_of(
        known.begin(), known.end(), [&](const WantedFip& wanted) { return matches(wanted, fip); });
    if (!is_known && missing_labels(settings, fip).empty()) found.push_back(&fip);
  }
  return found;
}

std::optional<Reservation> judge(const shell::Settings& settings, const WantedFip& wanted,
                                 const HetznerFips& fips, Problems& problems) {
  std::vector<const HetznerFip*> found;
  for (const HetznerFip& fip : fips) {
    if (matches(wanted, fip)) found.push_back(&fip);
  }
  if (found.size() > 1) {
    problems.push_back(fmt::format(
        "{}: matched by {}: write the id and address of the one you mean into vipd.yaml",
        text_of(wanted), names_of(found)));
    return std::nullopt;
  }
  if (found.empty()) {
    check_new(settings, wanted, problems);
    return Reservation{.wanted = wanted, .found = std::nullopt};
  }
  const HetznerFip& fip = *found.front();
  check_parts(wanted, fip, problems);
  check_state(settings, fip, problems);
  return Reservation{.wanted = wanted,
                     .found = fip,
                     .lacks_labels = !missing_labels(settings, fip).empty(),
                     .lacks_protection = !fip.is_protected};
}

void check_together(const shell::Settings& settings, const std::vector<Reservation>& plan,
                    const HetznerFips& fips, Problems& problems) {
  std::set<core::FipId> taken;
  bool is_new = false;
  for (const Reservation& each : plan) {
    is_new = is_new || !each.found;
    if (!each.found || taken.insert(each.found->seen.id).second) continue;
    problems.push_back(text_of(*each.found) +
                       ": vipd.yaml declares it twice: take one of the two out");
  }
  const auto undeclared = strays(settings, fips);
  if (!is_new || undeclared.empty()) return;
  problems.push_back(fmt::format(
      "{}: carries the group's labels, but vipd.yaml does not declare it; nothing is created "
      "beside "
      "it. Write its name into addresses or its address into endpoint.spares, or run "
      "`hcloud floating-ip remove-label {} {}`",
      names_of(undeclared), undeclared.front()->seen.id, settings.core.labels.begin()->first));
}

}  // namespace

std::vector<WantedFip> wanted_fips(const shell::Settings& settings, bool spares) {
  std::vector<WantedFip> wanted;
  const auto known = [](const core::IpAddress& address) {
    return address == core::IpAddress{} ? std::nullopt : std::optional(address);
  };
  for (const shell::DeclaredAddress& each : settings.addresses) {
    wanted.push_back({.id = each.id, .address = known(each.address), .name = each.name});
  }
  if (!spares) return wanted;
  for (const std::string& spare : settings.endpoint.spares) {
    const auto address = base::IpAddress::parse(spare);  // checked with the other settings
    if (address.ok()) wanted.push_back({.address = *address, .name = {}, .is_spare = true});
  }
  if (settings.endpoint.spares.empty()) {
    std::string name = settings.addresses.empty() ? "" : settings.addresses.front().name;
    if (name.empty()) name = settings.core.cluster + "-" + settings.core.group;
    wanted.push_back({.address = std::nullopt, .name = name + "-spare", .is_spare = true});
  }
  return wanted;
}

absl::StatusOr<std::vector<Reservation>> reserve_plan(const shell::Settings& settings,
                                                      const std::vector<WantedFip>& wanted,
                                                      const HetznerFips& fips) {
  Problems problems;
  std::vector<Reservation> plan;
  for (const WantedFip& each : wanted) {
    auto reservation = judge(settings, each, fips, problems);
    if (reservation) plan.push_back(*std::move(reservation));
  }
  check_together(settings, plan, fips, problems);
  if (problems.empty()) return plan;
  return absl::FailedPreconditionError(fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace vipd::vipctl
