#include "tools/vipctl/reserve.h"

#include <ostream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "base/document.h"
#include "tools/vipctl/render.h"
#include "tools/vipctl/reserve_report.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

using base::Json;

constexpr auto kProtect = R"({"delete":true})";

void complain_of(const absl::Status& status, std::ostream& err) {
  std::istringstream lines{std::string(status.message())};
  for (std::string line; std::getline(lines, line);) err << "vipctl: " << line << "\n";
}

class Reserving {
 public:
  Reserving(const shell::Settings& settings, bool spares, HetznerSession& session)
      : settings_(settings), wanted_(wanted_fips(settings, spares)), session_(session) {}

  absl::Status read() {
    const auto fips = list_floating_ips(session_, "");
    if (!fips.ok()) return fips.status();
    auto plan = reserve_plan(settings_, wanted_, *fips);
    if (plan.ok()) plan_ = *std::move(plan);
    return plan.status();
  }

  // Until there is nothing left to do: a new one is protected in the second round.
  absl::Status carry_out() {
    for (int left = work_left(); left > 0;) {
      const absl::Status done = one_round();
      if (!done.ok() && !absl::IsUnknown(done)) return done;
      if (const absl::Status seen = read(); !seen.ok()) return seen;
      const int before = std::exchange(left, work_left());
      if (left < before) continue;
      return !done.ok() ? done
                        : absl::UnavailableError(
                              "Hetzner took the changes, but its list does not show them yet: run "
                              "vipctl reserve again, which goes on from what is there");
    }
    return absl::OkStatus();
  }

  // What carry_out() would do.
  void foresee() {
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      if (!plan_[i].found) did_[i] = {"created", "protected"};
      if (plan_[i].lacks_labels) did_[i].push_back("labelled");
      if (plan_[i].lacks_protection) did_[i].push_back("protected");
    }
  }

  [[nodiscard]] const std::vector<Reservation>& plan() const { return plan_; }
  [[nodiscard]] const Did& did() const { return did_; }

 private:
  [[nodiscard]] int work_left() const {
    int left = 0;
    for (const Reservation& each : plan_) left += each.work_left();
    return left;
  }

  absl::Status one_round() {
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      if (plan_[i].work_left() == 0) continue;
      const absl::Status done = advance(i);
      if (!done.ok()) return done;
    }
    return absl::OkStatus();
  }

  absl::Status advance(std::size_t i) {
    const Reservation& each = plan_[i];
    if (!each.found) return create(i);
    if (each.lacks_labels) {
      if (const absl::Status done = label(i); !done.ok()) return done;
    }
    return each.lacks_protection ? protect(i) : absl::OkStatus();
  }

  absl::Status create(std::size_t i) {
    const Json body = {{"type", "ipv4"},
                       {"home_location", settings_.endpoint.location},
                       {"name", plan_[i].wanted.name},
                       {"labels", settings_.core.labels}};
    const absl::Status created = session_.send({"POST", "/floating_ips", body.dump()}).status();
    // In doubt it may be ours or, after all, somebody else's of that name.
    did_[i].emplace_back(created.ok() ? "created" : "adopted");
    return created;
  }

  // PUT replaces all labels; this one has none (reserve_plan.h).
  absl::Status label(std::size_t i) {
    did_[i].emplace_back("labelled");
    const Json body = {{"labels", settings_.core.labels}};
    return session_
        .send({"PUT", fmt::format("/floating_ips/{}", plan_[i].found->seen.id), body.dump()})
        .status();
  }

  absl::Status protect(std::size_t i) {
    const core::FloatingIp& fip = plan_[i].found->seen;
    const auto action = session_.run_action(fip.id, "change_protection", kProtect,
                                            fmt::format("delete protection of {}", fip.ip));
    if (action.ok() || absl::IsUnknown(action.status())) did_[i].emplace_back("protected");
    return action.status();
  }

  const shell::Settings& settings_;
  std::vector<WantedFip> wanted_;
  HetznerSession& session_;
  std::vector<Reservation> plan_;
  Did did_;
};

void print(const Reserving& reserving, const ReserveOptions& options,
           const shell::Settings& settings, HetznerSession& session, const Environment& around) {
  const auto prices = read_prices(session);
  if (!prices.ok()) around.err << "vipctl: no prices: " << prices.status().message() << "\n";
  const Json report =
      reserve_report(reserving.plan(), reserving.did(), prices.ok() ? *prices : Prices{}, options,
                     settings.endpoint.location);
  around.out << (options.format == "table" ? reserve_text(report)
                                           : base::document(report, options.format));
}

}  // namespace

int reserve(const ReserveOptions& options, const Environment& around) {
  const auto settings = settings_to_reserve(options.file);
  auto access = settings.ok() ? hetzner_access(around, *settings) : settings.status();
  if (!access.ok()) {
    complain_of(access.status(), around.err);
    return shell::kWrongUsage;
  }
  HetznerSession session(*std::move(access), around.clock, around.err, options.timeout);
  Reserving reserving(*settings, options.spare, session);
  absl::Status status = reserving.read();
  if (status.ok() && options.dry_run) reserving.foresee();
  if (status.ok() && !options.dry_run) status = reserving.carry_out();
  if (!status.ok()) {
    complain_of(status, around.err);
    return exit_code_for(status);
  }
  print(reserving, options, *settings, session, around);
  return shell::kFine;
}

}  // namespace vipd::vipctl
