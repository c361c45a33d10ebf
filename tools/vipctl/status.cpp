#include "tools/vipctl/status.h"

#include <chrono>
#include <filesystem>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "base/document.h"
#include "base/json.h"
#include "tools/vipctl/fetch.h"
#include "vipd/shell/exit_code.h"
#include "vipd/shell/status_text.h"

namespace vipd::vipctl {
namespace {

constexpr std::chrono::seconds kAnswerWithin{5};

std::string url_of(const StatusView& view) {
  if (!view.address.empty()) return fmt::format("http://{}/status", view.address);
  std::error_code problem;
  const auto whole = std::filesystem::absolute(view.socket, problem);
  return fmt::format("unix:{}:/status", problem ? view.socket : whole.string());
}

absl::StatusOr<base::Json> status_of(const StatusView& view, const base::Clock& clock) {
  base::HttpRequest request;
  request.url = url_of(view);
  request.deadline = clock.now() + kAnswerWithin;
  const auto response = fetch(std::move(request), clock);
  const std::string& peer = view.address.empty() ? view.socket : view.address;
  if (!response.ok()) {
    return absl::UnavailableError(
        fmt::format("is vipd running at {}? {}", peer, std::string(response.status().message())));
  }
  if (response->status != 200) {
    return absl::UnavailableError(fmt::format(
        "{} answered {} to GET /status: is it vipd, and of this version?", peer, response->status));
  }
  return base::parse_json(response->body);
}

}  // namespace

int show_status(const StatusView& view, const Environment& around) {
  const auto status = status_of(view, around.clock);
  if (!status.ok()) {
    around.err << "vipctl: " << status.status().message() << "\n";
    return shell::kCouldNotTell;
  }
  around.out << (view.format == "table" ? shell::status_text(*status)
                                        : base::document(*status, view.format));
  return shell::kFine;
}

}  // namespace vipd::vipctl
