#include "vipd/shell/settings_check.h"

#include <sys/un.h>

#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "base/ip.h"
#include "base/url.h"

namespace vipd::shell {
namespace {

using base::Url;
using Problems = std::vector<std::string>;

void check_core(const Settings& settings, Problems& problems) {
  std::istringstream lines{std::string(core::validate(settings.core).message())};
  for (std::string line; std::getline(lines, line);) {
    // Those still to be reserved are none of the core's, but they are declared.
    const bool declared = !settings.addresses.empty() && line.rfind("addresses is empty", 0) == 0;
    if (!declared) problems.push_back(line);
  }
}

void check_etcd(const Settings::Etcd& etcd, Problems& problems) {
  if (etcd.endpoints.empty()) {
    problems.push_back("etcd.endpoints is empty: name one, such as https://127.0.0.1:2379");
  }
  for (const std::string& endpoint : etcd.endpoints) {
    const auto url = Url::parse(endpoint);
    if (url.ok() && url->scheme == Url::Scheme::kHttps && url->target == "/") continue;
    problems.push_back(fmt::format(
        "etcd.endpoints has \"{}\": write https://HOST:PORT, such as https://127.0.0.1:2379",
        endpoint));
  }
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

void check_hcloud(const Settings::Hcloud& hcloud, Problems& problems) {
  const auto url = Url::parse(hcloud.endpoint);
  if (!url.ok() || url->scheme == Url::Scheme::kUnix) {
    problems.push_back(fmt::format(
        "hcloud.endpoint is \"{}\": write a URL such as https://api.hetzner.cloud/v1",
        hcloud.endpoint));
  } else if (url->scheme == Url::Scheme::kHttp && !is_this_machine(url->host)) {
    problems.push_back(fmt::format(
        "hcloud.endpoint is \"{}\": the token would travel in clear; use https://",
        hcloud.endpoint));
  }
  // Not quoted: this is where a token would stand that was taken for its file.
  if (hcloud.token_file.rfind('/', 0) != 0) {
    problems.push_back("hcloud.tokenFile is not an absolute path; name the file, not the token");
  }
}

void check_metadata(const Settings::Metadata& metadata, Problems& problems) {
  if (Url::parse(metadata.endpoint).ok()) return;
  problems.push_back(fmt::format(
      "metadata.endpoint is \"{}\": write a URL such as http://169.254.169.254/hetzner/v1",
      metadata.endpoint));
}

void check_files(const Settings& settings, Problems& problems) {
  const std::pair<std::string_view, const std::string&> required[] = {
      {"etcd.ca", settings.etcd.ca},           {"etcd.cert", settings.etcd.cert},
      {"etcd.key", settings.etcd.key},         {"apiserver.ca", settings.apiserver.ca},
      {"apiserver.cert", settings.apiserver.cert}, {"apiserver.key", settings.apiserver.key},
      {"stateDir", settings.state_dir}};
  for (const auto& [setting, path] : required) {
    if (path.empty()) problems.push_back(fmt::format("{} is empty: name a path", setting));
  }
}

void check_endpoint(const Settings::Endpoint& endpoint, Problems& problems) {
  if (endpoint.host.find_first_of("/ ") != std::string::npos) {
    problems.push_back(fmt::format("endpoint.host is \"{}\": write an address or a DNS name alone",
                                   endpoint.host));
  }
  const auto old = Url::parse(endpoint.old);
  if (!endpoint.old.empty() && (!old.ok() || old->scheme != Url::Scheme::kHttps)) {
    problems.push_back(fmt::format(
        "endpoint.old is \"{}\": write a URL such as https://192.0.2.1:6443", endpoint.old));
  }
  for (const std::string& spare : endpoint.spares) {
    if (base::IpAddress::parse(spare).ok()) continue;
    problems.push_back(fmt::format("endpoint.spares has \"{}\": write an address", spare));
  }
}

void check_servers(const Settings& settings, Problems& problems) {
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (settings.socket.size() > kLongest) {
    problems.push_back(fmt::format("socket is \"{}\": Linux takes at most {} characters",
                                   settings.socket, kLongest));
  }
  if (settings.listen.empty()) return;
  if (const auto listen = parse_listen(settings.listen); !listen.ok()) {
    problems.push_back(fmt::format("listen: {}", std::string(listen.status().message())));
  }
}

}  // namespace

std::vector<std::string> settings_problems(const Settings& settings) {
  Problems problems;
  check_core(settings, problems);
  check_etcd(settings.etcd, problems);
  check_hcloud(settings.hcloud, problems);
  check_metadata(settings.metadata, problems);
  check_files(settings, problems);
  check_endpoint(settings.endpoint, problems);
  check_servers(settings, problems);
  return problems;
}

}  // namespace vipd::shell
