// What a node of the World does with the commands of its core: the models of etcd, Hetzner, the
// kernel and the network answer them.
#pragma once

#include <algorithm>
#include <string>

#include "tests/fakes/world.h"

namespace vipd::fakes {

using namespace std::chrono_literals;
using core::Action;

inline constexpr Duration kEtcdTakes = 2ms;
inline constexpr Duration kWatchTakes = 3ms;
inline constexpr Duration kProbeTakes = 4ms;
inline constexpr Duration kApiTakes = 40ms;

inline base::IpAddress ip(const std::string& text) { return *base::IpAddress::parse(text); }

struct Hands {
  World& world;
  int node;
  ModelNode& self() const { return world.nodes[static_cast<std::size_t>(node)]; }

  bool reaches(core::CallId call, Instant deadline) const {
    if (world.etcd_for(node)) return true;
    world.answer(node, deadline - world.now(),
                 core::EtcdFailed{call, true, "deadline", world.now()});
    return false;
  }
  void api(core::CallId call, Instant deadline, core::Event good) const {
    if (!self().hetzner) {
      world.answer(node, deadline - world.now(),
                   core::HcloudFailed{call, core::HcloudError::kTimeout, "no route", false,
                                      world.now(), {}});
    } else if (world.api_down) {
      world.answer(node, kApiTakes,
                   core::HcloudFailed{call, *world.api_down, "down", true, world.now(), {}});
    } else {
      world.answer(node, kApiTakes, std::move(good));
    }
  }

  void operator()(const core::GrantLease& c) const {
    if (!reaches(c.call, c.deadline)) return;
    const core::LeaseId id = world.next_lease_++;
    world.leases_[id] = {world.now() + c.ttl, c.ttl};
    world.answer(node, kEtcdTakes, core::LeaseGranted{c.call, id, c.ttl, world.now()});
  }
  void operator()(const core::KeepLease& c) const {
    if (!reaches(c.call, c.deadline)) return;
    const auto lease = world.leases_.find(c.lease);
    const bool there = lease != world.leases_.end();
    if (there) lease->second.expires = world.now() + lease->second.ttl;
    world.answer(node, kEtcdTakes,
                 core::LeaseKept{c.call, c.lease, there ? lease->second.ttl : 0s, world.now()});
  }
  void operator()(const core::RevokeLease& c) const {
    const auto lease = world.leases_.find(c.lease);
    if (lease != world.leases_.end()) lease->second.expires = world.now();
  }
  void operator()(const core::ReadKey& c) const {
    if (!reaches(c.call, c.deadline)) return;
    core::KeyRead read{c.call, std::nullopt, world.revision_, world.now()};
    const auto found = world.keys_.find(c.key);
    if (found != world.keys_.end()) read.found = found->second;
    world.answer(node, kEtcdTakes, read);
  }
  void operator()(const core::ReadMember& c) const {
    core::MemberStatus status{c.call, static_cast<std::uint64_t>(node + 1), 0, world.term_,
                              false,  "3.6",                                world.now()};
    if (world.etcd_for(node)) status.leader = static_cast<std::uint64_t>(world.etcd_leader + 1);
    world.answer(node, kEtcdTakes, status);
  }
  void operator()(const core::Txn& c) const;
  void operator()(const core::Relist&) const {
    world.answer(node, kEtcdTakes, world.snapshot(world.now()));
  }
  void operator()(const core::ListFips& c) const {
    ++world.lists;
    if (!world.list_faults.empty()) {
      const core::HcloudError error = world.list_faults.front();
      world.list_faults.erase(world.list_faults.begin());
      return world.answer(node, kApiTakes,
                          core::HcloudFailed{c.call, error, "fault", true, world.now(), {}});
    }
    core::FipsListed list{c.call, {}, world.now(), {3600, 3500, 0}};
    for (const auto& [id, fip] : world.fips) list.fips.push_back(fip.fip);
    api(c.call, c.deadline, list);
  }
  void operator()(const core::GetServer& c) const {
    for (const ModelNode& other : world.nodes) {
      if (other.server != c.server) continue;
      core::ServerSeen seen{c.call, c.server, other.name, {ip(other.address)}, std::nullopt,
                            world.now(), {}};
      return api(c.call, c.deadline, seen);
    }
    api(c.call, c.deadline,
        core::HcloudFailed{c.call, core::HcloudError::kNotFound, "not found", true, world.now(),
                           {}});
  }
  void operator()(const core::Assign& c) const { assign(c.call, c.fip, c.server, c.deadline); }
  void operator()(const core::Unassign& c) const { assign(c.call, c.fip, 0, c.deadline); }
  void assign(core::CallId call, core::FipId fip, core::ServerId server, Instant deadline) const;
  void accept(core::FipId fip, core::ServerId server, core::CallId call) const;
  void operator()(const core::GetAction& c) const {
    for (auto& [id, fip] : world.fips) {
      if (!fip.running || fip.running->id != c.action) continue;
      return api(c.call, c.deadline, core::ActionSeen{c.call, *fip.running, world.now(), {}});
    }
    api(c.call, c.deadline,
        core::ActionSeen{c.call, {c.action, Action::State::kSuccess, ""}, world.now(), {}});
  }
  void operator()(const core::FindRunningAction& c) const {
    core::RunningFound found{c.call, std::nullopt, world.now(), {}};
    const ModelFip& fip = world.fips[c.fip];
    if (fip.running && fip.running->state == Action::State::kRunning) found.action = fip.running;
    api(c.call, c.deadline, found);
  }
  void operator()(const core::AddAddress& c) const {
    const bool v4 = c.address.family == base::Family::kV4;
    if (!self().keep_off_lo) self().lo.insert({c.address, v4 ? 32 : 128, v4 ? 254 : 0, true});
    report_addresses();
  }
  void operator()(const core::RemoveAddress& c) const {
    if (self().vipd) {
      std::erase_if(self().lo, [&](const auto& l) { return l.address == c.address; });
    }
    for (const auto& [id, fip] : world.fips) {
      const bool ours = fip.fip.server == self().server;
      const bool declared = std::any_of(world.config.fips.begin(), world.config.fips.end(),
                                        [&, fid = id](const auto& d) {
                                          return d.id == fid && d.address == c.address;
                                        });
      if (ours && declared) world.violations.push_back("9: the address left its own server");
    }
    report_addresses();
  }
  void report_addresses() const {
    world.answer(node, 1ms, core::AddressesSeen{{self().lo.begin(), self().lo.end()}});
  }
  void operator()(const core::ProbeReadyz& c) const {
    core::ReadyzAnswer seen{c.call, core::ReadyzAnswer::Result::kNoAnswer, 0, false, "no answer",
                            world.now()};
    for (std::size_t i = 0; i < world.nodes.size(); ++i) {
      const ModelNode& other = world.nodes[i];
      const bool local = c.target == ip("127.0.0.1") && static_cast<int>(i) == node;
      if (!local && c.target != ip(other.address)) continue;
      if (!other.alive || other.hung) return world.answer(node, c.deadline - world.now(), seen);
      const bool etcd = world.etcd_for(static_cast<int>(i));
      if (!other.apiserver) seen.why = "refused";
      if (other.apiserver) {
        seen.result = etcd ? core::ReadyzAnswer::Result::kOk
                           : core::ReadyzAnswer::Result::kNotReady;
        seen.http_status = etcd ? 200 : 500;
        seen.why = etcd ? "ok" : "etcd";
      }
      return world.answer(node, kProbeTakes, seen);
    }
    world.answer(node, c.deadline - world.now(), seen);
  }
  void operator()(const core::ProbeTls& c) const {
    core::TlsAnswer seen{c.call, self().apiserver && !self().hung, "", world.now()};
    if (!seen.alive) seen.why = self().hung ? "timeout" : "refused";
    world.answer(node, self().hung ? c.deadline - world.now() : kProbeTakes, seen);
  }
  void operator()(const core::ProbeCertificate& c) const {
    self().dialled.push_back(c.dial);
    const bool good = self().apiserver && self().certificate;
    world.answer(node, kProbeTakes,
                 core::CertificateSeen{c.call, c.address, self().apiserver, good,
                                       good ? "" : "names other hosts", world.now()});
  }
  void operator()(const core::ReadOwnNode& c) const {
    core::OwnNode seen{c.call, self().apiserver && !self().hung, self().cordoned, false, ""};
    if (seen.answered) return world.answer(node, kProbeTakes, seen);
    world.answer(node, c.deadline - world.now(), seen);
  }
  void operator()(const core::OrderAnswer& c) const { self().answers.push_back(c); }
  void operator()(const core::Say& c) const { self().said.push_back(c); }
  void operator()(const core::Exit&) const {
    ++self().exits;
    world.kill_vipd(node);
  }
};

}  // namespace vipd::fakes
