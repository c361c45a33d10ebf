// The metadata service: tells each server who it is, by the address it asks from.
//
// Source  facts/hetzner-api.md 10.10 (http://169.254.169.254/hetzner/v1).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/http_server.h"
#include "tools/lab/hcloudsim/model.h"

namespace vipd::hcloudsim {

class Metadata {
 public:
  enum class Mode { kNormal, kSilent, kMissing };

  // How the service treats a peer from now on.
  void set_mode(const std::string& peer, Mode mode) { modes_[peer] = mode; }
  // Takes the peer for that server, whatever its address (for tests on loopback).
  void set_server(const std::string& peer, Id server) { servers_[peer] = server; }

  // Nothing: never answer. `as_server` goes before the peer's address.
  [[nodiscard]] std::optional<base::ServerResponse> answer(const Model& model,
                                                           const base::ServerRequest& request,
                                                           std::optional<Id> as_server) const;

 private:
  [[nodiscard]] const Server* server_of(const Model& model, const std::string& peer,
                                        std::optional<Id> as_server) const;

  std::map<std::string, Mode> modes_;
  std::map<std::string, Id> servers_;
};

// The text below one path ("/hetzner/v1/metadata/hostname"); nothing where there is none.
[[nodiscard]] std::optional<std::string> metadata_text(const Server& server,
                                                       const std::string& path);

}  // namespace vipd::hcloudsim
