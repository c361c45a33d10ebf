// A lab of a test's own, without vipd unless the setup asks for it; down again at the end of the
// scope.
//
//   Lab lab(quick());
//   lab.must("kill", {{"node", "cp-1"}});
//
// Threads  As lab::Client.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tools/lab/client.h"
#include "tools/lab/programs.h"

namespace vipd::lab {

// Of a shell's command.
inline std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  for (int c = 0; (c = std::fgetc(pipe)) != EOF;) text.push_back(static_cast<char>(c));
  pclose(pipe);
  return text;
}

// Hetzner takes 200 ms for an assign.
inline Setup quick() {
  Setup setup;
  setup.latency_median_ms = setup.latency_p99_ms = 200;
  setup.vipd = false;
  return setup;
}

class Lab {
 public:
  explicit Lab(Setup setup) : client(make_dir(), LAB_PROGRAM) {
    setup.ends_with = getpid();
    const auto up = client.up(setup);
    INFO(up.message());
    REQUIRE(up.ok());
  }
  ~Lab() { CHECK(client.down().ok()); }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  base::Json status() {
    auto status = client.status();
    REQUIRE(status.ok());
    return *status;
  }
  base::Json node(const std::string& name) {
    const auto seen = status();
    for (const auto& node : seen["nodes"])
      if (node["name"] == name) return node;
    FAIL("no node " << name);
    return {};
  }
  std::string run(const std::string& node, const std::vector<std::string>& argv) {
    const auto executed = client.execute(node, argv);
    REQUIRE(executed.ok());
    INFO(executed->output);
    CHECK(executed->exit_code == 0);
    return executed->output;
  }
  absl::StatusOr<base::Json> ask(const std::string& verb, base::Json arguments) {
    return client.verb(verb, arguments);
  }
  void must(const std::string& verb, base::Json arguments) {
    const auto done = ask(verb, std::move(arguments));
    INFO(verb << ": " << done.status().message());
    REQUIRE(done.ok());
  }
  std::vector<std::string> members() {
    std::vector<std::string> names;
    const auto seen = status();
    for (const auto& member : seen["etcd"]["members"]) names.push_back(member["name"]);
    std::sort(names.begin(), names.end());
    return names;
  }
  // By the real API, as vipd does it.
  std::string assign(std::int64_t server) {
    return run(
        "outside",
        {"curl", "-sS", "--cacert", client.layout().pki("hetzner-ca.crt"), "-H",
         fmt::format("Authorization: Bearer {}", kToken), "-H", "Content-Type: application/json",
         "-d", fmt::format("{{\"server\": {}}}", server),
         fmt::format("https://{}/v1/floating_ips/{}/actions/assign", kHetznerAddress, kFipV4Id)});
  }
  void have_fip(const std::string& node) {
    run(node, {"ip", "addr", "add", fmt::format("{}/32", kFipV4), "dev", "lo", "scope", "host",
               "preferred_lft", "0"});
  }
  // The node that answers at the Floating IP, or curl's complaint.
  std::string who_answers(const std::string& from = "outside") {
    const auto executed = client.execute(
        from,
        {"curl", "-sS", "--max-time", "1", "-D", "-", "--cacert",
         client.layout().pki("kube-ca.crt"), "--cert", client.layout().pki("admin.crt"), "--key",
         client.layout().pki("admin.key"), fmt::format("https://{}:6443/readyz", kFipV4)});
    REQUIRE(executed.ok());
    const std::string header = "X-Apisim-Node: ";
    const auto at = executed->output.find(header);
    if (at == std::string::npos) return executed->output;
    return executed->output.substr(at + header.size(), 4);
  }
  void wait_for(const std::string& what, const std::function<bool()>& reached) {
    const auto done = until_ok(what, Millis(50), Millis(30000), [&] {
      return reached() ? absl::OkStatus() : absl::UnavailableError("not yet");
    });
    INFO(done.message());
    REQUIRE(done.ok());
  }

  Client client;

 private:
  static std::string make_dir() {
    std::string pattern = "/tmp/lab-XXXXXX";
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    return pattern;
  }
};

}  // namespace vipd::lab
