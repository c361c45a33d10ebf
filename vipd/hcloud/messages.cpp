#include "vipd/hcloud/messages.h"

#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "vipd/hcloud/fields.h"
#include "vipd/hcloud/text.h"

namespace vipd::hcloud {
namespace {

core::FloatingIp floating_ip(const Fields& fields) {
  return {.id = fields.id("id"),
          .name = fields.text("name"),
          .ip = fields.text("ip"),
          .server = fields.id_or_null("server"),
          .labels = fields.texts("labels"),
          .blocked = fields.flag("blocked")};
}

core::Action::State state_of(const Fields& fields) {
  const std::string status = fields.text("status");
  if (status == "running") return core::Action::State::kRunning;
  if (status == "success") return core::Action::State::kSuccess;
  if (status != "error") fields.fail("status", "running, success or error");
  return core::Action::State::kError;
}

core::Action action(const Fields& fields) {
  core::Action action{.id = fields.id("id"), .state = state_of(fields), .error = {}};
  // 10.4: examples show an error on a success too, so only the status counts.
  if (action.state == core::Action::State::kError && !fields.is_null("error")) {
    const Fields error = fields.object("error");
    action.error = for_log(fmt::format("{}: {}", error.text("code"), error.text("message")));
  }
  return action;
}

// Parses, reads, and gives either the value or the first problem.
template <typename T>
absl::StatusOr<T> read(std::string_view body, T (*reader)(const Fields&)) {
  const auto json = base::parse_json(body);
  if (!json.ok()) return json.status();
  absl::Status problem;
  T value = reader(Fields(&*json, "", problem));
  if (!problem.ok()) return problem;
  return value;
}

FipPage fip_page(const Fields& answer) {
  FipPage page;
  for (const Fields& item : answer.list("floating_ips")) page.fips.push_back(floating_ip(item));
  page.next_page = answer.object("meta").object("pagination").id_or_null("next_page");
  return page;
}

Server server(const Fields& answer) {
  const Fields fields = answer.object("server");
  Server server;
  server.id = fields.id("id");
  server.name = fields.text("name");
  for (const Fields& network : fields.list("private_net")) {
    server.private_addresses.push_back(network.address("ip"));
  }
  const Fields public_net = fields.object("public_net");
  if (!public_net.is_null("ipv4")) server.public_v4 = public_net.object("ipv4").address("ip");
  return server;
}

core::Action only_action(const Fields& answer) { return action(answer.object("action")); }

std::optional<core::Action> running_action(const Fields& answer) {
  std::optional<core::Action> running;
  for (const Fields& item : answer.list("actions")) {
    core::Action seen = action(item);
    if (!running && seen.state == core::Action::State::kRunning) running = std::move(seen);
  }
  return running;
}

}  // namespace

absl::StatusOr<FipPage> read_fip_page(std::string_view body) { return read(body, fip_page); }

absl::StatusOr<Server> read_server(std::string_view body) { return read(body, server); }

absl::StatusOr<core::Action> read_action(std::string_view body) { return read(body, only_action); }

absl::StatusOr<std::optional<core::Action>> read_running_action(std::string_view body) {
  return read(body, running_action);
}

std::string assign_body(core::ServerId server) {
  return fmt::format(R"({{"server":{}}})", server);
}

}  // namespace vipd::hcloud
