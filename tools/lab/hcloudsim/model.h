// What Hetzner Cloud knows about the projects: servers, Floating IPs, actions, and where packets
// for a Floating IP really go.
//
// Pure: no I/O, no clock, no threads; time comes in. What is to happen later (an action ends, a
// route moves) waits inside until advance() is given a time at or past it. The same seed and the
// same calls give the same world.
//
// Errors  Result<T> holds the ApiError a client would be shown.
// Source  facts/hetzner-api.md 10.3 to 10.5, 10.7.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/json.h"
#include "tools/lab/hcloudsim/api_error.h"
#include "tools/lab/hcloudsim/latency.h"
#include "tools/lab/hcloudsim/resources.h"

namespace vipd::hcloudsim {

// Behaviour that Hetzner does not document, or that differs from day to day.
struct Switches {
  // Which assigns of an assigned Floating IP are refused with floating_ip_assigned: those to the
  // server that has it, those of any assigned one, or none.
  enum class Refuse { kSame, kAny, kNever } floating_ip_assigned = Refuse::kSame;
  // When packets change their way, relative to the action's success.
  enum class Route { kBefore, kWith, kAfter } route = Route::kWith;
  // Whether the API shows the new server already while the action runs.
  bool server_field_at_accept = false;
  // Whether an assign also locks the server it names (it always locks the Floating IP).
  bool lock_servers = true;
  // How many Floating IPs a project may create by the API; none: any number.
  std::optional<std::int64_t> most_floating_ips;
};

struct Timing {
  Latency assign;               // assign and unassign
  Milliseconds other{300};      // every other action
};

// Who asks, and when.
struct Caller {
  std::string project;
  std::string actor;  // a token's name, or "admin"
  base::Instant now;
  bool action_fails = false;  // an injected fault: the action is accepted and ends in error
};

// Something that happened, for the audit log.
struct Record {
  base::Instant at;
  std::string event;
  base::Json fields;
};

// Where packets for a Floating IP go. No link: nowhere.
struct FipRoute {
  base::IpPrefix prefix;
  std::string link;
  std::optional<base::IpAddress> via;
  friend bool operator==(const FipRoute&, const FipRoute&) = default;
};

struct NewFloatingIp {
  std::optional<Id> id;
  std::string name;  // empty: one is made up
  std::optional<std::string> description;
  bool v6 = false;
  std::optional<base::IpPrefix> prefix;  // none: the next free one
  std::string home_location = "fsn1";
  Labels labels;
};

struct FloatingIpChange {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<Labels> labels;
};

class Model {
 public:
  explicit Model(std::uint64_t seed);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Everything due at or before `now` happens, in order, each at its own time.
  void advance(base::Instant now);
  [[nodiscard]] std::optional<base::Instant> next_due() const;
  // What happened since the last call.
  std::vector<Record> take_records();
  [[nodiscard]] std::vector<FipRoute> routes() const;

  // Null where the project has no such thing.
  [[nodiscard]] const Server* find_server(const std::string& project, Id id) const;
  [[nodiscard]] const FloatingIp* find_floating_ip(const std::string& project, Id id) const;
  [[nodiscard]] const Action* find_action(const std::string& project, Id id) const;
  [[nodiscard]] const std::map<Id, Server>& servers() const { return servers_; }
  [[nodiscard]] const std::map<Id, FloatingIp>& floating_ips() const { return floating_ips_; }
  [[nodiscard]] const std::map<Id, Action>& actions() const { return actions_; }
  [[nodiscard]] bool is_locked(const ResourceRef& resource) const;

  Result<Id> create_floating_ip(const Caller& caller, const NewFloatingIp& wanted);
  Result<Id> update_floating_ip(const Caller& caller, Id id, const FloatingIpChange& change);
  // By the API: refused while assigned or protected.
  Result<Id> delete_floating_ip(const Caller& caller, Id id);
  // The results of these are action ids.
  Result<Id> assign(const Caller& caller, Id fip, Id server);
  Result<Id> unassign(const Caller& caller, Id fip);
  Result<Id> change_dns_ptr(const Caller& caller, Id fip, const base::IpAddress& ip,
                            const std::optional<std::string>& name);
  Result<Id> protect_floating_ip(const Caller& caller, Id fip, bool from_deletion);

  // `server.id` 0: one is chosen.
  Result<Id> create_server(const Caller& caller, Server server);
  Result<Id> delete_server(const Caller& caller, Id id);
  Result<Id> change_power(const Caller& caller, Id server, const std::string& command,
                          const std::string& status_after);
  Result<Id> change_alias_ips(const Caller& caller, Id server, Id network,
                              std::vector<std::string> alias_ips);

  // By the admin: at once, without an action, whatever is locked or protected.
  bool remove_server(Id id, base::Instant now);
  bool remove_floating_ip(Id id, base::Instant now);
  Result<Id> place(Id fip, std::optional<Id> server, base::Instant now);
  // A third party moves the address (or takes it off): a finished action of a stranger.
  Result<Id> steal(Id fip, std::optional<Id> server, base::Instant now);
  bool edit_server(Id id, const std::function<void(Server&)>& change);
  bool edit_floating_ip(Id id, const std::function<void(FloatingIp&)>& change);

  Switches switches;
  Timing timing;
  Random random;

 private:
  // What an action does when its time is over; or why it cannot.
  using Change = std::function<std::optional<ActionFailure>(Id action, base::Instant at)>;

  Result<Id> start_action(const Caller& caller, const std::string& command,
                          std::vector<ResourceRef> resources, std::vector<ResourceRef> locks,
                          Milliseconds takes, Change on_success);
  void finish_action(Id id, const Change& on_success, bool fails, base::Instant at);
  Result<Id> move(const Caller& caller, const std::string& command, FloatingIp& fip,
                  std::optional<Id> to);
  void plan_route(FloatingIp& fip, std::optional<Id> to, base::Instant at);
  void move_route_at(base::Instant due, Id fip, std::optional<Id> to);
  void route_now(FloatingIp& fip, std::optional<Id> to, base::Instant at);
  void schedule(base::Instant due, std::function<void(base::Instant)> what);
  void record(base::Instant at, std::string event, base::Json fields);
  FloatingIp* mutable_floating_ip(const std::string& project, Id id);
  Server* mutable_server(const std::string& project, Id id);
  [[nodiscard]] bool fip_name_taken(const std::string& project, const std::string& name,
                                    Id except) const;
  [[nodiscard]] base::IpPrefix free_prefix(bool v6) const;

  std::map<Id, Server> servers_;
  std::map<Id, FloatingIp> floating_ips_;
  std::map<Id, Action> actions_;
  std::map<ResourceRef, Id> locks_;  // who holds it
  std::map<Id, std::uint64_t> route_order_;  // of the newest decision about a Floating IP's route
  std::multimap<base::Instant, std::function<void(base::Instant)>> later_;
  std::vector<Record> records_;
  // Ranges far apart, so that a mixed-up id is seen at once.
  Id next_server_ = 40000001;
  Id next_floating_ip_ = 50000001;
  Id next_action_ = 600000001;
};

}  // namespace vipd::hcloudsim
