// What a node of the World does with the commands of its core: the models of etcd, Hetzner, the
// kernel and the network answer them.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "tests/fakes/world.h"

namespace vipd::fakes {

using namespace std::chrono_literals;
using core::Action;

inline base::IpAddress ip(const std::string& text) { return *base::IpAddress::parse(text); }

struct Hands {
  using Answer = std::optional<core::Event>;
  using Arrive = std::function<Answer(World&)>;

  World& world;
  int node;
  ModelNode& self() const { return world.nodes[static_cast<std::size_t>(node)]; }

  // ---- etcd ----
  // `arrive` runs at the member; nothing is answered where it cannot be reached.
  void etcd(core::CallId call, Instant deadline, Arrive arrive) const;
  void operator()(const core::GrantLease& c) const;
  void operator()(const core::KeepLease& c) const;
  void operator()(const core::RevokeLease& c) const;
  void operator()(const core::ReadKey& c) const;
  void operator()(const core::ReadMember& c) const;
  void operator()(const core::Txn& c) const;
  Answer commit(const core::Txn& c, Instant sent, Instant sent_local, std::uint64_t life) const;
  void operator()(const core::Relist&) const { world.break_watch(node, Duration(0)); }

  // ---- Hetzner ----
  // `good` is asked where the call arrives and is let in.
  void api(core::CallId call, Instant deadline, bool writes, Arrive good) const;
  Answer refused(core::CallId call, core::HcloudError error, Instant sent, bool was_sent) const;
  void operator()(const core::ListFips& c) const;
  void operator()(const core::GetServer& c) const;
  void operator()(const core::Assign& c) const {
    assign(c.call, c.fip, c.server, c.first_byte_by, c.deadline);
  }
  void operator()(const core::Unassign& c) const {
    assign(c.call, c.fip, 0, c.first_byte_by, c.deadline);
  }
  void assign(core::CallId call, core::FipId fip, core::ServerId server, Instant first_byte_by,
              Instant deadline) const;
  void write(core::CallId call, core::FipId fip, core::ServerId server, Instant deadline) const;
  Answer accept(core::FipId fip, core::ServerId server, core::CallId call, Instant sent) const;
  void operator()(const core::GetAction& c) const;
  void operator()(const core::FindRunningAction& c) const;

  // ---- the node ----
  void operator()(const core::AddAddress& c) const;
  void operator()(const core::RemoveAddress& c) const;
  void report_addresses() const {
    world.answer(node, 1ms, core::AddressesSeen{{self().lo.begin(), self().lo.end()}});
  }

  // ---- probes ----
  void operator()(const core::ProbeReadyz& c) const;
  void operator()(const core::ProbeTls& c) const;
  void operator()(const core::ProbeCertificate& c) const;
  void operator()(const core::ReadOwnNode& c) const;

  // ---- the shell ----
  void operator()(const core::OrderAnswer& c) const { self().answers.push_back(c); }
  void operator()(const core::Say& c) const {
    if (world.witness == nullptr) self().said.push_back(c);
  }
  void operator()(const core::Exit&) const {
    ++self().exits;
    world.kill_vipd(node);
  }
};

}  // namespace vipd::fakes
