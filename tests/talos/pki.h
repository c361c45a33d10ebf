// A Talos cluster's certificates: Ed25519 all through, as Talos makes them (facts/talos.md 5.1
// and 5.3). Tests cannot go on without them: std::runtime_error.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/x509.h"

namespace vipd::talos {

base::KeyPair mint_talos_ca();

struct TalosLeaf {
  std::vector<std::string> roles;  // organisations; a client's, which then has no common name
  std::string subject_alt_name;    // "IP:127.0.0.1,DNS:cp-1"; a server's
  std::chrono::seconds valid_for = std::chrono::hours(1);  // below zero: expired since
};
base::KeyPair mint_talos_leaf(const base::KeyPair& ca, const TalosLeaf& leaf);

// The label under which Talos writes such keys.
std::string with_talos_label(const base::Secret& key_pem);

// A talosconfig with this one context.
std::string talosconfig_text(const std::string& context, const std::vector<std::string>& endpoints,
                             const std::string& ca_pem, const base::KeyPair& client);

}  // namespace vipd::talos
