// The three files by which etcd and vipd know each other, read and checked before use.
//
// Errors  name the file, what is wrong with it and the next step; never key material.
//         NotFound, PermissionDenied: no such file, not readable.
//         DataLoss: empty, no PEM, or the key is another certificate's. Talos rewrites these
//         files in place, so this may pass: read again a moment later.
//         FailedPrecondition: expired.
// Source  facts/talos.md 3.3: etcd-client-ca.crt, etcd-client.crt, etcd-client.key.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/secret.h"

namespace vipd::etcd {

struct TlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

struct Credentials {
  std::string ca_pem;
  std::string certificate_pem;
  base::Secret key_pem;
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

absl::StatusOr<Credentials> read_credentials(const TlsFiles& files, base::WallTime now);

}  // namespace vipd::etcd
