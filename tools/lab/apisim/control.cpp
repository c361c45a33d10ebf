#include "tools/lab/apisim/control.h"

#include <fmt/format.h>

namespace vipd::apisim {
namespace {

base::ServerResponse refuse(int status, const absl::Status& why) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = base::Json({{"error", std::string(why.message())},
                              {"code", static_cast<int>(why.code())}})
                      .dump()};
}

absl::StatusOr<Switches> changed(Switches switches, const base::Json& change) {
  if (const auto mode = base::json_text(change, "mode")) {
    using Mode = Switches::Mode;
    bool known = false;
    for (const Mode candidate : {Mode::kOk, Mode::kHang, Mode::kFail, Mode::kSlow})
      if (*mode == mode_text(candidate)) {
        switches.mode = candidate;
        known = true;
      }
    if (!known)
      return absl::InvalidArgumentError(fmt::format("mode '{}': ok, hang, 500 or slow", *mode));
  }
  switches.delay_ms = base::json_integer(change, "delay_ms").value_or(switches.delay_ms);
  switches.cordoned = base::json_bool(change, "cordoned").value_or(switches.cordoned);
  switches.node_shutting_down =
      base::json_bool(change, "shutting_down").value_or(switches.node_shutting_down);
  return switches;
}

base::Json state(const Apisim& apisim) {
  base::Json failing = base::Json::array();
  for (const auto& check : apisim.readyz())
    if (!check.ok) failing.push_back(check.name);
  const Switches& switches = apisim.switches();
  const bool answers = switches.mode != Switches::Mode::kHang;
  return {{"mode", mode_text(switches.mode)},
          {"delay_ms", switches.delay_ms},
          {"cordoned", switches.cordoned},
          {"shutting_down", switches.node_shutting_down},
          {"ready", answers && failing.empty()},
          {"failing", failing},
          {"port", apisim.port()}};
}

}  // namespace

base::ServerResponse control(Apisim& apisim, const base::ServerRequest& request) {
  if (request.method == "PUT" && request.target == "/switch") {
    const auto change = base::parse_json(request.body);
    if (!change.ok()) return refuse(400, change.status());
    const auto wanted = changed(apisim.switches(), *change);
    if (!wanted.ok()) return refuse(400, wanted.status());
    if (auto done = apisim.set(*wanted); !done.ok()) return refuse(500, done);
  } else if (request.target != "/state") {
    return refuse(404, absl::NotFoundError("GET /state or PUT /switch"));
  }
  return {.status = 200,
          .headers = {{"Content-Type", "application/json"}},
          .body = state(apisim).dump()};
}

}  // namespace vipd::apisim
