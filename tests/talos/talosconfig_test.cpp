// Which talosconfig, which context, and what is refused in it.
#include "talos/talosconfig.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "base/x509.h"
#include "tests/catch.h"
#include "tests/talos/pki.h"

namespace vipd::talos {
namespace {

using Catch::Contains;

class Folder {
 public:
  Folder() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(path_ + "/" + name).parent_path());
    std::ofstream(path_ + "/" + name) << content;
    return path_ + "/" + name;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/vipd-talosconfig.XXXXXX";
};

struct Minted {
  base::KeyPair ca = mint_talos_ca();
  base::KeyPair admin = mint_talos_leaf(ca, {.roles = {"os:admin"}, .subject_alt_name = {}});
  [[nodiscard]] std::string text(const std::vector<std::string>& endpoints = {"10.0.0.2"}) const {
    return talosconfig_text("prod", endpoints, ca.certificate_pem, admin);
  }
};

std::string why(const std::string& text, const std::string& context = "") {
  const auto parsed = parse_talosconfig(text, "talosconfig", context);
  REQUIRE_FALSE(parsed.ok());
  return std::string(parsed.status().message());
}

}  // namespace

TEST_CASE("Talos' own key label is changed to one that OpenSSL loads") {
  const Minted pki;
  REQUIRE_THAT(with_talos_label(pki.admin.key_pem), Contains("BEGIN ED25519 PRIVATE KEY"));
  const auto context = parse_talosconfig(pki.text(), "talosconfig", "");
  REQUIRE(context.ok());
  CHECK(context->name == "prod");
  CHECK(context->ca_pem == pki.ca.certificate_pem);
  CHECK(context->key_pem == pki.admin.key_pem);
  CHECK(base::check_key_pair(context->certificate_pem, context->key_pem).ok());
}

TEST_CASE("Endpoints may be written in every form that talosctl takes") {
  const auto dialled = [](const char* text) {
    const auto endpoint = Endpoint::parse(text);
    return endpoint.ok() ? endpoint->text() : std::string(endpoint.status().message());
  };
  CHECK(dialled("10.0.0.2") == "10.0.0.2:50000");
  CHECK(dialled("10.0.0.2:6000") == "10.0.0.2:6000");
  CHECK(dialled("cp-1.example.org") == "cp-1.example.org:50000");
  CHECK(dialled("https://cp-1.example.org") == "cp-1.example.org:50000");
  CHECK(dialled("https://cp-1.example.org:443/") == "cp-1.example.org:443");
  CHECK(dialled("fd00:0:0::2") == "[fd00::2]:50000");
  CHECK(dialled("[fd00::2]") == "[fd00::2]:50000");
  CHECK(dialled("[FD00::2]:6000") == "[fd00::2]:6000");
  CHECK(dialled("https://[fd00::2]:6000") == "[fd00::2]:6000");
}

TEST_CASE("An endpoint that cannot be dialled is refused by name") {
  for (const char* text :
       {"", "http://10.0.0.2", "10.0.0.2:", "10.0.0.2:0", "10.0.0.2:65536", "10.0.0.2:x",
        "[fd00::2", "[fd00::2]x", "[10.0.0]:1", "a:b:c", "host name", "host/path", "-o", ":50000",
        "[]", "https://", "host\n", "unix:/run/x", "dns:///x"}) {
    INFO(text);
    const auto endpoint = Endpoint::parse(text);
    REQUIRE_FALSE(endpoint.ok());
    CHECK_THAT(std::string(endpoint.status().message()),
               Contains(fmt::format("endpoint \"{}\"", text)));
  }
  CHECK(std::string(Endpoint::parse(std::string(1 << 20, 'a')).status().message()).size() < 500);
}

TEST_CASE("A node is named without a port") {
  CHECK(check_node("10.0.0.2").ok());
  CHECK(check_node("fd00::2").ok());
  CHECK(check_node("cp-1").ok());
  for (const char* node : {"", "10.0.0.2:50000", "[fd00::2]", "cp 1", "cp-1\r\nnodes: x"}) {
    CHECK_FALSE(check_node(node).ok());
  }
}

TEST_CASE("The first talosconfig that exists is taken, in talosctl's order") {
  Folder folder;
  const std::string in_pod = folder.write("pod/config", "");
  const std::string home = folder.write("home/.talos/config", "");
  const std::string talos_home = folder.write("talos-home/config", "");
  const std::string named = folder.write("named", "");
  TalosconfigPlaces places{.flag = "/given/by/flag",
                           .talosconfig = named,
                           .talos_home = folder.path() + "/talos-home",
                           .home = folder.path() + "/home",
                           .in_pod = in_pod};
  CHECK(find_talosconfig(places).value() == "/given/by/flag");
  places.flag.clear();
  CHECK(find_talosconfig(places).value() == named);
  places.talosconfig = folder.path() + "/missing";
  CHECK(find_talosconfig(places).value() == talos_home);
  places.talos_home.clear();
  CHECK(find_talosconfig(places).value() == home);
  places.home = folder.path();
  CHECK(find_talosconfig(places).value() == in_pod);
  places.in_pod = folder.path() + "/none";
  const auto none = find_talosconfig(places);
  CHECK(none.status().code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(none.status().message()), Contains("--talosconfig"));
}

TEST_CASE("A file named by the flag must exist, and is named where it does not") {
  const auto context = read_talosconfig("/nowhere/talosconfig", "");
  CHECK(context.status().code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(context.status().message()), Contains("/nowhere/talosconfig"));
}

TEST_CASE("A context that is not there is answered with those that are") {
  const Minted pki;
  CHECK_THAT(why(pki.text(), "prd"), Contains("has no context \"prd\"") &&
                                          Contains("did you mean \"prod\"?") &&
                                          Contains("there are prod"));
  CHECK_THAT(why("contexts: {}\n"), Contains("names no current context"));
}

TEST_CASE("The chosen context is used although another is current") {
  const Minted pki;
  const std::string text =
      pki.text() + fmt::format("    other:\n        endpoints: [cp-9]\n        nodes: [cp-8]\n"
                               "        ca: {}\n        crt: {}\n        key: {}\n",
                               absl::Base64Escape(pki.ca.certificate_pem),
                               absl::Base64Escape(pki.admin.certificate_pem),
                               absl::Base64Escape(std::string(pki.admin.key_pem.reveal())));
  const auto context = parse_talosconfig(text, "talosconfig", "other");
  REQUIRE(context.ok());
  CHECK(context->endpoints == std::vector<Endpoint>{{"cp-9", 50000}});
  CHECK(context->nodes == std::vector<std::string>{"cp-8"});
}

TEST_CASE("A context of Omni, which has no key, is refused by that name") {
  const std::string message = why(
      "context: o\ncontexts:\n  o:\n    endpoints: [https://omni.example.org]\n"
      "    auth: {siderov1: {identity: me@example.org}}\n    cluster: lab\n");
  CHECK_THAT(message, Contains("Omni") && Contains("siderov1") && Contains("talosconfig:4:"));
}

TEST_CASE("A context that lacks a credential says which, and how to get one") {
  const Minted pki;
  for (const std::string key : {"ca", "crt", "key"}) {
    std::string text = pki.text();
    const auto at = text.find("        " + key + ": ");
    text.erase(at, text.find('\n', at) + 1 - at);
    CHECK_THAT(why(text), Contains("has no " + key) && Contains("talosctl config new"));
  }
}

TEST_CASE("Credentials that are damaged are refused without being shown") {
  const Minted pki;
  const Minted other;
  const auto damaged = [&](const std::string& key, const std::string& value) {
    std::string text = pki.text();
    const auto at = text.find("        " + key + ": ") + 10 + key.size();
    text.replace(at, text.find('\n', at) - at, value);
    return why(text);
  };
  CHECK_THAT(damaged("key", "s3cr3t!!"), Contains("not base64") && !Contains("s3cr3t"));
  CHECK_THAT(damaged("key", absl::Base64Escape("s3cr3t")), !Contains("s3cr3t"));
  CHECK_THAT(damaged("ca", absl::Base64Escape("no PEM")), Contains("ca: "));
  CHECK_THAT(damaged("crt", absl::Base64Escape(other.admin.certificate_pem)),
             Contains("crt and key: ") && Contains("does not belong"));
  CHECK_THAT(damaged("endpoints", "10.0.0.2"), Contains("endpoints must be a list"));
  CHECK_THAT(damaged("endpoints", "[{a: b}]"), Contains("expected a text"));
}

TEST_CASE("What is no talosconfig is refused, with its name, in bounded time and memory") {
  const Minted pki;
  std::string bomb = "a: &a [x,x]\n";
  for (int i = 0; i < 20; ++i) bomb += fmt::format("a{0}: &a{0} [*a,*a]\n", i);
  for (const std::string& text :
       {std::string(), std::string("hello"), std::string("[1, 2"), std::string("contexts: 3\n"),
        std::string("context: a\ncontexts: {a: 3}\n"), std::string("\x00\xff\xfe\x01PK\x03", 8),
        std::string(1 << 20, '['), bomb, pki.text() + "context: prod\n",
        pki.text() + "---\n" + pki.text(), pki.text().substr(0, 300)}) {
    INFO(text.substr(0, 60));
    CHECK_THAT(why(text), Contains("talosconfig"));
  }
}

TEST_CASE("A file of a hundred megabytes is not read to its end") {
  Folder folder;
  const std::string path = folder.write("large", "");
  std::filesystem::resize_file(path, 100 << 20);
  const auto context = read_talosconfig(path, "");
  CHECK(context.status().code() == absl::StatusCode::kOutOfRange);
  CHECK_THAT(std::string(context.status().message()), Contains(path));
}

}  // namespace vipd::talos
