#include "vipd/shell/status_command.h"

#include <ostream>

#include "base/document.h"
#include "vipd/shell/exit_code.h"
#include "vipd/shell/status_text.h"

namespace vipd::shell {
namespace {

constexpr std::chrono::seconds kAnswerWithin{5};
constexpr std::chrono::seconds kChangeWithin{40};  // the server answers after 25 s at the latest

void show(const base::Json& status, const StatusView& view, std::ostream& out) {
  constexpr auto kHomeAndClear = "\x1b[H\x1b[2J";
  constexpr auto kReplace = base::Json::error_handler_t::replace;
  if (view.format == "json" && view.watch) {
    out << status.dump(-1, ' ', false, kReplace) << "\n" << std::flush;
    return;
  }
  if (view.format != "table") {
    out << (view.watch ? "---\n" : "") << base::document(status, view.format) << std::flush;
    return;
  }
  if (view.watch) out << (view.clear ? kHomeAndClear : "\n");
  out << status_text(status) << std::flush;
}

}  // namespace

int show_status(Client& client, const base::Clock& clock, const StatusView& view, std::ostream& out,
                std::ostream& err) {
  std::optional<std::uint64_t> seen;
  do {
    const auto status = client.status(seen, clock.now() + (seen ? kChangeWithin : kAnswerWithin));
    if (!status.ok()) {
      err << "vipd: " << status.status().message() << "\n";
      return kCouldNotTell;
    }
    show(*status, view, out);
    seen = static_cast<std::uint64_t>(base::json_integer(*status, "change").value_or(0));
  } while (view.watch && out.good());
  return kFine;
}

}  // namespace vipd::shell
