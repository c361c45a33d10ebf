// The files with which vipd speaks to kube-apiserver, always as new as they can be used.
//
// Talos rewrites them in place on a rotation, so a reader may meet half a file or a certificate
// beside the wrong key (facts/talos.md 3.3). What does not fit is not taken: the last good set
// stays in use, and problem() says why.
//
// A client certificate is wished for, not needed: newer Talos answers /readyz to anybody, older
// answers 401 (facts/talos.md 3.4).
#pragma once

#include <optional>
#include <string>

#include "base/http_client.h"

namespace vipd::probe {

struct CredentialFiles {
  std::string ca_file;
  std::string cert_file;  // this and key_file may be empty: no client certificate
  std::string key_file;
};

class Credentials {
 public:
  explicit Credentials(CredentialFiles files) : files_(std::move(files)) {}

  // Reads the files again; what is in use changes only for a whole and fitting new content.
  const base::TlsClient& refresh();
  // Why not everything is as configured; empty where it is.
  [[nodiscard]] std::string problem() const;

 private:
  void refresh_authority();
  void refresh_key_pair();

  const CredentialFiles files_;
  base::TlsClient in_use_;
  std::string authority_problem_;
  std::string key_pair_problem_;
};

}  // namespace vipd::probe
