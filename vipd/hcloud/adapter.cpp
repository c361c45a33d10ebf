#include "vipd/hcloud/adapter.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "vipd/hcloud/api_error.h"
#include "vipd/hcloud/messages.h"
#include "vipd/hcloud/text.h"

namespace vipd::hcloud {
namespace {

constexpr std::int64_t kMostPages = 10;
constexpr std::int64_t kPageSize = 50;  // the most the API gives

}  // namespace

Adapter::Adapter(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log,
                 const Options& options, std::function<void(core::Event)> post)
    : post_(std::move(post)),
      token_(loop, options.token_file, post_),
      metadata_(loop, clock, log,
                {.endpoint = options.metadata_endpoint, .user_agent = options.user_agent}, post_),
      api_(loop, clock, log,
           {.endpoint = options.endpoint,
            .ca_file = options.ca_file,
            .user_agent = options.user_agent},
           token_) {}

void Adapter::start() {
  token_.start();
  metadata_.start();
}

// Sends; reads a good answer with `read`; posts what `answer` makes of it. Whatever goes wrong
// is posted as HcloudFailed.
template <typename Read, typename Answer>
void Adapter::ask(core::CallId call, const ApiRequest& request, Read read, Answer answer) {
  const std::string name = fmt::format("{} {}", request.method, request.path);
  api_.send(request, [this, call, name, read,
                      answer = std::move(answer)](ApiResult result) mutable {
    if (auto* failure = std::get_if<core::HcloudFailed>(&result)) {
      failure->call = call;
      return post_(std::move(*failure));
    }
    auto& good = std::get<ApiAnswer>(result);
    auto value = read(good.body);
    if (value.ok()) return answer(*std::move(value), good);
    ApiError error = explain_failure(value.status(), true, name);
    post_(core::HcloudFailed{.call = call,
                             .error = error.kind,
                             .why = std::move(error.why),
                             .sent = true,
                             .sent_at = good.sent_at,
                             .rate = good.rate});
  });
}

void Adapter::carry_out(const core::ListFips& command) {
  list_page({.command = command, .page = 1, .fips = {}, .sent_at = {}});
}

void Adapter::list_page(Listing listing) {
  ApiRequest request;
  request.path = fmt::format("/floating_ips?label_selector={}&per_page={}&page={}",
                             percent_encoded(listing.command.label_selector), kPageSize,
                             listing.page);
  request.deadline = listing.command.deadline;
  const core::CallId call = listing.command.call;
  ask(call, request, read_fip_page,
      [this, listing = std::move(listing)](FipPage page, const ApiAnswer& answer) mutable {
        if (listing.page == 1) listing.sent_at = answer.sent_at;
        std::move(page.fips.begin(), page.fips.end(), std::back_inserter(listing.fips));
        if (!page.next_page) {
          return post_(core::FipsListed{.call = listing.command.call,
                                        .fips = std::move(listing.fips),
                                        .sent_at = listing.sent_at,
                                        .rate = answer.rate});
        }
        if (listing.page < kMostPages && *page.next_page == listing.page + 1) {
          ++listing.page;
          return list_page(std::move(listing));
        }
        post_(core::HcloudFailed{
            .call = listing.command.call,
            .error = core::HcloudError::kBadAnswer,
            .why = fmt::format("floating IPs with labels {}: page {} is followed by page {}; "
                               "at most {} pages are read: choose labels that select fewer",
                               listing.command.label_selector, listing.page, *page.next_page,
                               kMostPages),
            .sent = true,
            .sent_at = listing.sent_at,
            .rate = answer.rate});
      });
}

void Adapter::carry_out(const core::GetServer& command) {
  ApiRequest request;
  request.path = fmt::format("/servers/{}", command.server);
  request.deadline = command.deadline;
  ask(command.call, request, read_server,
      [this, call = command.call](Server server, const ApiAnswer& answer) {
        post_(core::ServerSeen{.call = call,
                               .server = server.id,
                               .name = std::move(server.name),
                               .private_addresses = std::move(server.private_addresses),
                               .public_v4 = server.public_v4,
                               .sent_at = answer.sent_at,
                               .rate = answer.rate});
      });
}

void Adapter::carry_out(const core::Assign& command) {
  ApiRequest request;
  request.path = fmt::format("/floating_ips/{}/actions/assign", command.fip);
  request.body = assign_body(command.server);
  request.deadline = command.deadline;
  request.first_byte_by = command.first_byte_by;
  start_action(command.call, std::move(request));
}

void Adapter::carry_out(const core::Unassign& command) {
  ApiRequest request;
  request.path = fmt::format("/floating_ips/{}/actions/unassign", command.fip);
  request.deadline = command.deadline;
  request.first_byte_by = command.first_byte_by;
  start_action(command.call, std::move(request));
}

void Adapter::start_action(core::CallId call, ApiRequest request) {
  request.method = "POST";
  ask(call, request, read_action,
      [this, call](core::Action action, const ApiAnswer& answer) {
        post_(core::AssignAccepted{call, std::move(action), answer.sent_at, answer.rate});
      });
}

void Adapter::carry_out(const core::GetAction& command) {
  ApiRequest request;
  request.path = fmt::format("/actions/{}", command.action);
  request.deadline = command.deadline;
  ask(command.call, request, read_action,
      [this, call = command.call](core::Action action, const ApiAnswer& answer) {
        post_(core::ActionSeen{call, std::move(action), answer.sent_at, answer.rate});
      });
}

void Adapter::carry_out(const core::FindRunningAction& command) {
  ApiRequest request;
  request.path =
      fmt::format("/floating_ips/{}/actions?status=running&sort=id:desc", command.fip);
  request.deadline = command.deadline;
  ask(command.call, request, read_running_action,
      [this, call = command.call](std::optional<core::Action> action, const ApiAnswer& answer) {
        post_(core::RunningFound{call, std::move(action), answer.sent_at, answer.rate});
      });
}

}  // namespace vipd::hcloud
