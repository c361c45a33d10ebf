// Which addresses on lo are vipd's, and what may be done to them.
//
// Pure. Rules N5, N7. A global-scope IPv4 on a node is advertised by Talos as etcd peer
// address and kubelet node IP (facts/talos.md 3.6), so vipd never adopts another form.
// IPv6 knows no host scope: the kernel keeps a /128 on lo global.
//
// Errors  FailedPrecondition: the address, the form it has, who may have set it, what to do.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "vipd/netlink/wire.h"

namespace vipd::netlink {

[[nodiscard]] bool has_our_form(const Record& record);

// False: it is there already as it should be.
absl::StatusOr<bool> must_add(const std::vector<Record>& on_lo, const base::IpAddress& address);

// The records to remove; none where the address is not there.
absl::StatusOr<std::vector<Record>> to_remove(const std::vector<Record>& on_lo,
                                              const base::IpAddress& address);

}  // namespace vipd::netlink
