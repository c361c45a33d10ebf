#include "vipd/shell/handover.h"

#include <algorithm>
#include <ostream>
#include <string>

#include "vipd/shell/exit_code.h"
#include "vipd/shell/status_text.h"

namespace vipd::shell {
namespace {

using base::Json;

std::int64_t holder_server(const Json& status) {
  const auto holder = status.find("holder");
  if (holder == status.end()) return 0;
  return base::json_integer(*holder, "server").value_or(0);
}

bool is_called(const Json& holder, const std::string& name) {
  return base::json_text(holder, "node") == name ||
         std::to_string(base::json_integer(holder, "server").value_or(0)) == name;
}

bool right_node_holds(const Json& holder, const Order& order, std::int64_t holder_before) {
  if (!order.to.empty()) return is_called(holder, order.to);
  if (!order.off.empty()) return !is_called(holder, order.off);
  return base::json_integer(holder, "server") != holder_before;
}

int could_not_tell(const absl::Status& why, std::ostream& err) {
  err << "vipd: " << why.message() << "\n";
  return exit_code_of(why);
}

// Follows the status until the order stands; says each step once.
int follow(Client& client, const base::Clock& clock, const Order& order,
           std::int64_t holder_before, base::Instant until, std::ostream& out, std::ostream& err) {
  std::optional<std::uint64_t> seen;
  std::string said;
  while (clock.now() < until) {
    const auto status = client.status(seen, until);
    if (absl::IsDeadlineExceeded(status.status())) break;
    if (!status.ok()) {
      err << "vipd: the order was taken and may still be carried out, but this vipd does not tell "
             "any more: see `vipd status` on another node\n";
      return could_not_tell(status.status(), err);
    }
    if (const auto text = holder_text(*status); text != said) {
      out << text << "\n" << std::flush;
      said = text;
    }
    if (fulfilled(*status, order, holder_before)) {
      out << "done\n";
      return kFine;
    }
    seen = static_cast<std::uint64_t>(base::json_integer(*status, "change").value_or(0));
  }
  err << "vipd: the order was taken but is not done yet; last seen: "
      << (said.empty() ? "nothing" : said)
      << ". It may still be carried out: see `vipd status`\n";
  return kFindings;
}

}  // namespace

bool fulfilled(const Json& status, const Order& order, std::int64_t holder_before) {
  if (!status.is_object()) return false;
  const std::int64_t server = holder_server(status);
  if (server == 0 || !right_node_holds(status["holder"], order, holder_before)) return false;
  const auto fips = status.find("fips");
  if (fips == status.end() || !fips->is_array()) return false;
  return std::all_of(fips->begin(), fips->end(), [server](const Json& fip) {
    return base::json_bool(fip, "verified") == true && base::json_integer(fip, "server") == server;
  });
}

int hand_over(Client& client, const base::Clock& clock, const Order& order,
              base::Instant::duration timeout, std::ostream& out, std::ostream& err) {
  const base::Instant until = clock.now() + timeout;
  const auto answer_by = [&] { return std::min(until, clock.now() + Client::kOrderAnswer); };
  const auto before = client.status(std::nullopt, answer_by());
  if (!before.ok()) return could_not_tell(before.status(), err);
  const auto outcome = client.handover(order, answer_by());
  if (!outcome.ok()) return could_not_tell(outcome.status(), err);
  if (!outcome->taken) {
    err << "vipd: refused: " << outcome->text << "\n";
    return kFindings;
  }
  out << outcome->text << "\n" << std::flush;
  return follow(client, clock, order, holder_server(*before), until, out, err);
}

}  // namespace vipd::shell
