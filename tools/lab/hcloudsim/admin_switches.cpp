// Behaviour at run time: latency, switches, rate limit, metadata.
#include "tools/lab/hcloudsim/admin.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;
using base::ServerResponse;

ServerResponse done() { return json_response(200, Json::object()); }

ServerResponse set_latency(AdminCall& call) {
  Fields fields(call.body);
  const auto median = fields.id("median_ms");
  const auto p99 = fields.id("p99_ms");
  const auto fixed = fields.count("fixed_ms");
  const auto other = fields.count("other_ms");
  const auto least = fields.count("answer_least_ms");
  const auto most = fields.count("answer_most_ms");
  World& world = call.world;
  Latency assign = world.model.timing.assign;
  if (median || p99 || fixed) assign.fixed.reset();
  if (median) assign.median = Milliseconds(*median);
  if (p99) assign.p99 = Milliseconds(*p99);
  if (fixed) assign.fixed = Milliseconds(*fixed);
  const Milliseconds answer_least = least ? Milliseconds(*least) : world.answer_least;
  const Milliseconds answer_most = most ? Milliseconds(*most) : world.answer_most;
  if (assign.p99 < assign.median) fields.complain("p99_ms", "must not be below median_ms");
  if (answer_most < answer_least) fields.complain("answer_most_ms", "is below answer_least_ms");
  if (auto problem = fields.problem()) return refused(*problem);
  world.model.timing.assign = assign;
  if (other) world.model.timing.other = Milliseconds(*other);
  world.answer_least = answer_least;
  world.answer_most = answer_most;
  return done();
}

ServerResponse set_switches(AdminCall& call) {
  Fields fields(call.body);
  const auto refuse = fields.choice("floating_ip_assigned", {"same", "any", "never"});
  const auto route = fields.choice("route", {"before", "with", "after"});
  const auto scope = fields.choice("ratelimit_scope", {"project", "token"});
  const auto shown = fields.choice("server_field", {"success", "accept"});
  const auto lock = fields.flag("lock_servers");
  const auto most = fields.count("most_floating_ips");
  if (auto problem = fields.problem()) return refused(*problem);
  Switches& switches = call.world.model.switches;
  if (refuse) {
    switches.floating_ip_assigned = *refuse == "same"  ? Switches::Refuse::kSame
                                    : *refuse == "any" ? Switches::Refuse::kAny
                                                       : Switches::Refuse::kNever;
  }
  if (route) {
    switches.route = *route == "before" ? Switches::Route::kBefore
                     : *route == "with" ? Switches::Route::kWith
                                        : Switches::Route::kAfter;
  }
  if (scope) {
    call.world.api.rate_scope = *scope == "project" ? RateScope::kProject : RateScope::kToken;
  }
  if (shown) switches.server_field_at_accept = *shown == "accept";
  if (lock) switches.lock_servers = *lock;
  if (most) switches.most_floating_ips = *most;
  return done();
}

ServerResponse set_rate_limit(AdminCall& call) {
  Fields fields(call.body);
  const auto limit = fields.id("limit");
  const auto remaining = fields.count("remaining");
  const auto text = fields.text("token");
  const double refill = call.body.contains("refill_per_second") &&
                                call.body["refill_per_second"].is_number()
                            ? call.body["refill_per_second"].get<double>()
                            : 1.0;
  const Token* token = text ? call.world.tokens.find(*text) : nullptr;
  if (text && token == nullptr) fields.complain("token", "is unknown");
  if (refill <= 0) fields.complain("refill_per_second", "must be above 0");
  if (auto problem = fields.problem()) return refused(*problem);
  RateLimiter& rate = call.world.rate;
  if (limit || call.body.contains("refill_per_second")) {
    rate.set_limit(static_cast<int>(limit.value_or(3600)), refill);
  }
  if (!remaining) return done();
  const int left = static_cast<int>(*remaining);
  if (token != nullptr) {
    rate.set_remaining(call.world.api.rate_key(token, ""), left, call.now);
    return done();
  }
  for (const std::string& each : call.world.projects) {
    const Token any{each, "", false, false};
    rate.set_remaining(call.world.api.rate_key(&any, ""), left, call.now);
  }
  return done();
}

ServerResponse set_metadata(AdminCall& call) {
  Fields fields(call.body);
  const auto peer = fields.required("peer", fields.text("peer"));
  const auto mode = fields.choice("mode", {"normal", "silent", "missing"});
  const auto server = fields.id("server");
  if (auto problem = fields.problem()) return refused(*problem);
  if (server) call.world.metadata.set_server(*peer, *server);
  if (mode) {
    call.world.metadata.set_mode(*peer, *mode == "silent"    ? Metadata::Mode::kSilent
                                        : *mode == "missing" ? Metadata::Mode::kMissing
                                                             : Metadata::Mode::kNormal);
  }
  return done();
}

}  // namespace

std::vector<AdminEndpoint> admin_switch_endpoints() {
  return {{"PUT", "/latency", set_latency},
          {"PUT", "/switches", set_switches},
          {"PUT", "/ratelimit", set_rate_limit},
          {"PUT", "/metadata", set_metadata}};
}

}  // namespace vipd::hcloudsim
