// Certificates: read, mint, compare with a name. OpenSSL 3 behind plain values.
//
// Errors  InvalidArgument with OpenSSL's reason and what was being read; never key material.
// Source  Talos signs with ECDSA P-256 and labels keys "EC PRIVATE KEY" (facts/talos.md 3.3).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/secret.h"

namespace vipd::base {

struct Certificate {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // as IpAddress::text()
  WallTime not_before;
  WallTime not_after;
  std::string sha256;  // fingerprint, hex
};

// The first certificate of a PEM text.
absl::StatusOr<Certificate> read_certificate(std::string_view pem);

// True where a client that dials `host` (a DNS name or an address) would accept the SANs, as RFC
// 9525 6.3 to 6.5 has it: a common name never counts, "*.example.org" matches one label, an
// address only itself (a v4-mapped one is another). A trailing dot of `host` is dropped; a SAN
// with one is no name.
[[nodiscard]] bool names(const Certificate& certificate, std::string_view host);

// OK where the key belongs to the certificate. Files that are being rewritten do not match.
absl::Status check_key_pair(std::string_view certificate_pem, const Secret& key_pem);

struct KeyPair {
  std::string certificate_pem;
  Secret key_pem;
};

struct MintRequest {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  bool server = false;  // extended key usage
  bool client = false;
  WallTime not_before;
  WallTime not_after;
};

absl::StatusOr<KeyPair> mint_ca(std::string_view common_name, WallTime not_before,
                                WallTime not_after);
absl::StatusOr<KeyPair> mint_certificate(const KeyPair& ca, const MintRequest& request);

}  // namespace vipd::base
