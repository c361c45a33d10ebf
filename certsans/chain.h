// The certificates that a server showed: read, and verified up to a CA.
//
// Pure: no clock, no network.
// Errors  InvalidArgument: not PEM, torn, or no certificate; says which text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/x509.h"

namespace vipd::certsans {

struct ShownCertificate {
  base::Certificate read;  // SANs and dates
  std::string subject;     // "O=kubernetes, CN=kube-apiserver"; empty where it has none
  std::string issuer;
  std::string key;         // "ECDSA P-256", "Ed25519", "RSA 2048"
  bool self_signed = false;
};

struct Chain {
  std::vector<ShownCertificate> certificates;  // as they were sent; never empty
  bool in_order = true;  // each is signed by the next
};

// `what` names the text in errors.
absl::StatusOr<Chain> read_chain(std::string_view pem, std::string_view what);

struct Trust {
  std::string ca_pem;  // one or several; empty: nothing can be judged
  // False where the CA that counts may not be among them: then a chain whose issuer has another
  // name than any of them stays unjudged.
  bool complete = true;
};

struct Verdict {
  enum class Kind { kTrusted, kUntrusted, kUnjudged };
  Kind kind = Kind::kUnjudged;
  std::string why;  // OpenSSL's reason, or what would be needed
};

// The dates of the leaf have no say: they are judged apart. Those of CAs have.
absl::StatusOr<Verdict> verify(std::string_view chain_pem, const Trust& trust, base::WallTime now);

}  // namespace vipd::certsans
