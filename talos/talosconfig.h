// A talosconfig: which file, which of its contexts, and that context's endpoints and credentials.
//
// Errors  name the file, what is wrong and the next step; never key material.
//         NotFound: no such file or context. InvalidArgument: not YAML, not a talosconfig, bad
//         base64 or PEM. FailedPrecondition: a context without a key (Omni), or one that needs
//         what is not supported. OutOfRange: larger than any talosconfig.
// Threads Blocking, for small local files.
// Source  facts/talos.md 6, from Talos pkg/machinery/client/config/config.go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/secret.h"
#include "talos/endpoint.h"

namespace vipd::talos {

struct Context {
  std::string name;
  std::vector<Endpoint> endpoints;
  std::vector<std::string> nodes;  // whom to ask where nobody says; often empty
  std::string ca_pem;
  std::string certificate_pem;
  base::Secret key_pem;  // with a label that OpenSSL knows
};

// What main() read from the command line and the environment; empty where not given.
struct TalosconfigPlaces {
  std::string flag;         // --talosconfig
  std::string talosconfig;  // $TALOSCONFIG
  std::string talos_home;   // $TALOS_HOME
  std::string home;         // $HOME
  std::string in_pod = "/var/run/secrets/talos.dev/config";
};

// The flag, which must exist; else the first of the others that does, as talosctl chooses.
absl::StatusOr<std::string> find_talosconfig(const TalosconfigPlaces& places);

// `context` empty: the file's current one. `file_name` is for messages.
absl::StatusOr<Context> parse_talosconfig(std::string_view text, std::string_view file_name,
                                          std::string_view context);
absl::StatusOr<Context> read_talosconfig(const std::string& path, std::string_view context);

}  // namespace vipd::talos
