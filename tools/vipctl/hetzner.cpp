#include "tools/vipctl/hetzner.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "vipd/hcloud/api_error.h"
#include "vipd/hcloud/fields.h"
#include "vipd/hcloud/text.h"

namespace vipd::vipctl {
namespace {

using hcloud::Fields;

constexpr int kMostPages = 10;  // of 50, as the daemon allows itself

absl::Status unreadable(const absl::Status& why, const std::string& path) {
  return absl::UnavailableError(hcloud::explain_failure(why, false, "GET " + path).why);
}

// What the daemon's reader has no use for, added to what it read.
absl::Status add_details(const std::string& body, std::vector<core::FloatingIp> fips,
                         HetznerFips& all) {
  const auto json = base::parse_json(body);
  if (!json.ok()) return json.status();
  absl::Status problem;
  std::size_t i = 0;
  for (const Fields& item : Fields(&*json, "", problem).list("floating_ips")) {
    all.push_back({.seen = std::move(fips.at(i++)),
                   .type = item.text("type"),
                   .location = item.object("home_location").text("name"),
                   .is_protected = item.object("protection").flag("delete")});
  }
  return problem;
}

absl::StatusOr<HetznerServer> server_in(const base::Json& server) {
  HetznerServer found;
  auto seen = hcloud::read_server(base::Json{{"server", server}}.dump());
  if (!seen.ok()) return seen.status();
  found.seen = *std::move(seen);
  absl::Status problem;
  const Fields fields(&server, "server", problem);
  found.status = fields.text("status");
  found.labels = fields.texts("labels");
  if (!problem.ok()) return problem;
  return found;
}

absl::StatusOr<base::Json> json_at(HetznerSession& session, const std::string& path) {
  const auto body = session.send({"GET", path});
  if (!body.ok()) return body.status();
  auto json = base::parse_json(*body);
  if (!json.ok()) return unreadable(json.status(), path);
  return json;
}

absl::Status no_server(const std::string& id_or_name) {
  return absl::NotFoundError(fmt::format(
      "the token's project has no server \"{}\"; give a server's name or id as "
      "`hcloud server list` shows them",
      id_or_name));
}

}  // namespace

absl::StatusOr<HetznerFips> list_floating_ips(HetznerSession& session,
                                              const std::string& selector) {
  HetznerFips all;
  std::optional<std::int64_t> page = 1;
  for (int pages = 0; page && pages < kMostPages; ++pages) {
    std::string path = fmt::format("/floating_ips?per_page=50&page={}", *page);
    if (!selector.empty()) path += "&label_selector=" + hcloud::percent_encoded(selector);
    const auto body = session.send({"GET", path});
    if (!body.ok()) return absl::UnavailableError(body.status().message());
    auto got = hcloud::read_fip_page(*body);
    if (!got.ok()) return unreadable(got.status(), path);
    const absl::Status read = add_details(*body, std::move(got->fips), all);
    if (!read.ok()) return unreadable(read, path);
    page = got->next_page;
  }
  if (page) {
    return absl::UnavailableError(fmt::format(
        "more than {} Floating IPs: narrow them with -f vipd.yaml and its labels", all.size()));
  }
  return all;
}

absl::StatusOr<HetznerServer> find_server(HetznerSession& session, const std::string& id_or_name) {
  const auto id = hcloud::whole_number(id_or_name);
  const std::string path = id ? fmt::format("/servers/{}", *id)
                              : "/servers?name=" + hcloud::percent_encoded(id_or_name);
  const auto json = json_at(session, path);
  if (absl::IsNotFound(json.status())) return no_server(id_or_name);
  if (!json.ok()) return json.status();
  const auto found = json->find(id ? "server" : "servers");
  const bool fits = found != json->end() && (id ? found->is_object() : found->is_array());
  if (!fits) return unreadable(absl::InvalidArgumentError("it holds no server"), path);
  if (!id && found->empty()) return no_server(id_or_name);
  auto server = server_in(id ? *found : found->front());
  if (!server.ok()) return unreadable(server.status(), path);
  return server;
}

std::vector<core::FloatingIp> as_the_daemon_sees(const HetznerFips& fips) {
  std::vector<core::FloatingIp> seen;
  std::transform(fips.begin(), fips.end(), std::back_inserter(seen),
                 [](const HetznerFip& fip) { return fip.seen; });
  return seen;
}

}  // namespace vipd::vipctl
