// Every body that the Hetzner API may answer with.
#include "tests/fuzz/fuzz.h"
#include "vipd/hcloud/api_error.h"
#include "vipd/hcloud/messages.h"

using vipd::fuzz::must;
namespace hcloud = vipd::hcloud;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = vipd::fuzz::text(data, size);
  if (const auto page = hcloud::read_fip_page(body); page.ok())
    for (const auto& fip : page->fips)
      must(fip.id >= 1 && fip.id <= hcloud::kLargestId, "a Floating IP has an id of the API");
  if (const auto server = hcloud::read_server(body); server.ok())
    must(server->id >= 1 && server->id <= hcloud::kLargestId, "a server has an id of the API");
  if (const auto action = hcloud::read_action(body); action.ok())
    must(action->id >= 1, "an action has an id");
  (void)hcloud::read_running_action(body);
  for (const int status : {401, 404, 409, 422, 423, 429, 503})
    must(!hcloud::explain_answer(status, body, "GET /floating_ips").why.empty(),
         "a refusal is explained");
  return 0;
}
