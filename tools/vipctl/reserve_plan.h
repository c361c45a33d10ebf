// What `vipctl reserve` has to do: the Floating IPs that vipd.yaml wants against those there are.
// Pure.
//
// Wanted   each of `addresses`, by whatever of id, address and name is written there; with
//          spares also those of endpoint.spares, or, where none is written, one named after the
//          first address: "NAME-spare".
// Found    one that has the id, the address or the name. It must then agree in everything that
//          vipd.yaml says of it: id, address, name, family, endpoint.location, labels. One that
//          carries no label at all is nobody's, and is given the group's; one that is labelled
//          otherwise is somebody else's.
// Refused  (FailedPrecondition, every reason on a line of its own, each with the next command:)
//          two that match, one that does not agree, one that Hetzner has blocked, an address or
//          id that nobody has (Hetzner chooses addresses), and a new one beside a stray: an
//          undeclared one with the group's labels is probably the one that is meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/vipctl/hetzner.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

struct WantedFip {
  core::FipId id = 0;                      // 0: not known
  std::optional<core::IpAddress> address;  // nothing: not known
  std::string name;                        // empty: any
  bool is_spare = false;
};

struct Reservation {
  WantedFip wanted;
  std::optional<HetznerFip> found;  // nothing: to be created
  bool lacks_labels = false;
  bool lacks_protection = false;

  // In steps: a new one is created with its labels, and then protected.
  [[nodiscard]] int work_left() const {
    return found ? int{lacks_labels} + int{lacks_protection} : 2;
  }
};

[[nodiscard]] std::vector<WantedFip> wanted_fips(const shell::Settings& settings, bool spares);

absl::StatusOr<std::vector<Reservation>> reserve_plan(const shell::Settings& settings,
                                                      const std::vector<WantedFip>& wanted,
                                                      const HetznerFips& fips);

}  // namespace vipd::vipctl
