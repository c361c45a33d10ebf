// vipctl's command line in this process, with its output as text and a folder for its files.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tools/vipctl/cli.h"

namespace vipd::vipctl {

inline constexpr auto kDigest =
    "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
inline constexpr auto kVipdYaml = R"(cluster: prod
addresses:
  - {id: 1234, address: 203.0.113.10, name: prod-api}
labels: {vipd.cluster: prod, env: "1"}
nodeSubnets: [10.0.1.0/24, 10.0.2.0/24]
timing: {ttl: 6s}
)";

class Terminal {
 public:
  Terminal() { REQUIRE(::mkdtemp(folder_.data()) != nullptr); }
  ~Terminal() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  int run(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) {
    arguments.insert(arguments.begin(), "vipctl");
    std::vector<const char*> argv;
    std::vector<const char*> envp;
    for (const auto& each : arguments) argv.push_back(each.c_str());
    for (const auto& each : environment) envp.push_back(each.c_str());
    envp.push_back(nullptr);
    std::ostringstream said;
    std::ostringstream complained;
    const int code =
        run_cli(static_cast<int>(argv.size()), argv.data(),
                {.variables = envp.data(), .clock = clock_, .out = said, .err = complained,
                 .commit = "abc"});
    out = said.str();
    err = complained.str();
    return code;
  }
  [[nodiscard]] static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  std::string out;
  std::string err;

 private:
  base::SystemClock clock_;
  std::string folder_ = "/tmp/vipctl-test-XXXXXX";
};

}  // namespace vipd::vipctl
