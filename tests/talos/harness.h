// One node, one CA, and clients of it; for the tests of the calls.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "talos/client.h"
#include "tests/catch.h"
#include "tests/talos/fake_machine.h"
#include "tests/talos/pki.h"

namespace vipd::talos {

using namespace std::chrono_literals;

struct Harness {
  base::KeyPair ca = mint_talos_ca();
  base::KeyPair server = mint_talos_leaf(ca, {.roles = {}, .subject_alt_name = kHere});
  FakeMachine node{server, ca.certificate_pem};
  base::SystemClock clock;

  static constexpr const char* kHere = "IP:127.0.0.1,IP:::1";

  [[nodiscard]] base::KeyPair certificate(const std::vector<std::string>& roles) const {
    return mint_talos_leaf(ca, {.roles = roles, .subject_alt_name = {}});
  }

  // By way of a talosconfig, as vipctl does it.
  [[nodiscard]] Context context(const base::KeyPair& client,
                                const std::vector<std::string>& endpoints) const {
    auto parsed = parse_talosconfig(talosconfig_text("lab", endpoints, ca.certificate_pem, client),
                                    "talosconfig", "");
    INFO(parsed.status().message());
    REQUIRE(parsed.ok());
    return *std::move(parsed);
  }
  [[nodiscard]] std::unique_ptr<Client> client(const std::vector<std::string>& roles = {
                                                   "os:admin"}) const {
    return std::make_unique<Client>(clock, context(certificate(roles), {node.endpoint()}));
  }
  [[nodiscard]] std::unique_ptr<Client> client_of(
      const std::vector<std::string>& endpoints) const {
    return std::make_unique<Client>(clock, context(certificate({"os:admin"}), endpoints));
  }
  [[nodiscard]] Target target(std::string to = "10.0.0.2",
                              std::chrono::milliseconds within = 10s) const {
    return {std::move(to), clock.now() + within};
  }
};

inline std::string text(const absl::Status& status) { return std::string(status.message()); }

}  // namespace vipd::talos
