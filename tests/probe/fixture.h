// Files in a folder of their own, and certificates as Talos would have made them.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/x509.h"
#include "tests/catch.h"
#include "vipd/probe/credentials.h"

namespace vipd::probe {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "vipd-probe-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, std::string_view content) const {
    REQUIRE(base::write_file_atomically(file(name), content).ok());
  }

 private:
  std::string path_;
};

class Authority {
 public:
  Authority() : now_(base::SystemClock().wall()), ca_(mint_ca()) {}

  [[nodiscard]] const std::string& pem() const { return ca_.certificate_pem; }
  [[nodiscard]] base::KeyPair server(std::vector<std::string> addresses) const {
    return mint("kube-apiserver", std::move(addresses), true);
  }
  [[nodiscard]] base::KeyPair client(const std::string& name) const {
    return mint(name, {}, false);
  }

 private:
  [[nodiscard]] base::KeyPair mint_ca() const {
    return base::mint_ca("kubernetes", {now_.seconds - 60}, {now_.seconds + 3600}).value();
  }
  [[nodiscard]] base::KeyPair mint(const std::string& name, std::vector<std::string> addresses,
                                   bool server) const {
    const base::MintRequest request{.common_name = name,
                                    .organizations = {},
                                    .dns_names = {},
                                    .ip_addresses = std::move(addresses),
                                    .server = server,
                                    .client = !server,
                                    .not_before = {now_.seconds - 60},
                                    .not_after = {now_.seconds + 3600}};
    return base::mint_certificate(ca_, request).value();
  }

  base::WallTime now_;
  base::KeyPair ca_;
};

inline CredentialFiles files_in(const Folder& folder) {
  return {.ca_file = folder.file("ca.crt"),
          .cert_file = folder.file("client.crt"),
          .key_file = folder.file("client.key")};
}

}  // namespace vipd::probe
