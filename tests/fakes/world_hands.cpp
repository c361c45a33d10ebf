#include "tests/fakes/world_hands.h"

namespace vipd::fakes {
namespace {

bool names(const World& world, core::FipId fip, const base::IpAddress& address) {
  const auto& declared = world.config.fips;
  return std::any_of(declared.begin(), declared.end(), [&](const auto& entry) {
    return entry.id == fip && entry.address == address;
  });
}

}  // namespace

void Hands::etcd(core::CallId call, Instant deadline, Arrive arrive) const {
  World::Legs legs = world.legs(world.pace.etcd);
  legs.out += self().etcd_lag / 2;
  legs.back += self().etcd_lag / 2;
  world.exchange(node, legs, deadline,
                 core::EtcdFailed{call, true, "deadline", world.local(node)},
                 [from = node, arrive = std::move(arrive)](World& then) -> Answer {
                   if (!then.etcd_for(from)) return std::nullopt;
                   Answer answer = arrive(then);
                   const bool deaf = then.nodes[static_cast<std::size_t>(from)].etcd_deaf;
                   return deaf ? std::nullopt : std::move(answer);
                 });
}

void Hands::operator()(const core::GrantLease& c) const {
  etcd(c.call, c.deadline, [c, sent = world.local(node)](World& then) -> Answer {
    const core::LeaseId id = then.next_lease_++;
    then.leases_[id] = {then.now_ + c.ttl, c.ttl};
    return core::LeaseGranted{c.call, id, c.ttl, sent};
  });
}

void Hands::operator()(const core::KeepLease& c) const {
  etcd(c.call, c.deadline, [c, sent = world.local(node)](World& then) -> Answer {
    const auto lease = then.leases_.find(c.lease);
    const bool there = lease != then.leases_.end();
    if (there) lease->second.expires = then.now_ + lease->second.ttl;
    return core::LeaseKept{c.call, c.lease, there ? lease->second.ttl : 0s, sent};
  });
}

void Hands::operator()(const core::RevokeLease& c) const {
  if (!world.etcd_for(node)) return;
  const auto lease = world.leases_.find(c.lease);
  if (lease == world.leases_.end()) return;
  lease->second.expires = world.now_;
  world.next_scan_ = world.now_;
}

void Hands::operator()(const core::ReadKey& c) const {
  etcd(c.call, c.deadline, [c, sent = world.local(node)](World& then) -> Answer {
    core::KeyRead read{c.call, std::nullopt, then.revision_, sent};
    const auto found = then.keys_.find(c.key);
    if (found != then.keys_.end()) read.found = found->second;
    return read;
  });
}

// The member itself answers, whether or not it has a leader.
void Hands::operator()(const core::ReadMember& c) const {
  core::MemberStatus status{c.call, static_cast<std::uint64_t>(node + 1), 0, world.term_,
                            false,  "3.6",                                world.local(node)};
  if (!self().member) {
    return world.answer(node, world.pace.etcd,
                        core::EtcdFailed{c.call, false, "refused", status.sent_at});
  }
  if (world.etcd_for(node)) status.leader = static_cast<std::uint64_t>(world.etcd_leader + 1);
  world.answer(node, world.pace.etcd, status);
}

void Hands::operator()(const core::Txn& c) const {
  const bool guards = std::any_of(c.write.begin(), c.write.end(), [](const auto& write) {
    const auto* put = std::get_if<core::Put>(&write);
    return put != nullptr && put->value.find("\"state\":\"intent\"") != std::string::npos;
  });
  const Instant sent = world.now_;
  const Instant sent_local = world.local(node);
  const std::uint64_t life = world.life_[node];
  etcd(c.call, c.deadline, [=, from = node](World& then) -> Answer {
    return Hands{then, from}.commit(c, sent, sent_local, life);
  });
  if (!guards || !world.on_next_guard) return;
  const auto happen = *std::move(world.on_next_guard);
  world.on_next_guard.reset();
  happen(world);
}

Hands::Answer Hands::commit(const core::Txn& c, Instant sent, Instant sent_local,
                            std::uint64_t life) const {
  const bool holds = std::all_of(c.compare.begin(), c.compare.end(), [&](const auto& compare) {
    const auto found = world.keys_.find(compare.key);
    const core::Revision revision = found == world.keys_.end() ? 0 : found->second.mod_revision;
    if (revision != compare.mod_revision) return false;
    return !compare.value || (found != world.keys_.end() && found->second.value == *compare.value);
  });
  if (!holds && !world.commits_all) {
    return core::TxnDone{c.call, false, world.revision_, sent_local};
  }
  for (const core::Write& write : c.write) {
    const auto* put = std::get_if<core::Put>(&write);
    if (put != nullptr && put->lease != 0 && !world.lease_lives(put->lease)) {
      return core::EtcdFailed{c.call, false, "requested lease not found", sent_local};
    }
  }
  const auto leader = world.keys_.find(world.config.prefix() + "leader");
  const std::string before = leader == world.keys_.end() ? "" : leader->second.value;
  std::vector<core::KeyChange> changes;
  ++world.revision_;
  for (const core::Write& write : c.write) {
    if (const auto* put = std::get_if<core::Put>(&write)) {
      core::KeyValue kv{put->key, put->value, world.revision_, put->lease};
      world.keys_[put->key] = kv;
      changes.push_back({kv, false});
      const bool guard = put->key.find("/assignment/") != std::string::npos &&
                         put->value.find("\"state\":\"intent\"") != std::string::npos;
      if (!guard || life != world.life_[node]) continue;
      const core::FipId fip = std::stoll(put->key.substr(put->key.rfind('/') + 1));
      world.guarded_[{node, fip}] = sent;
    } else {
      const std::string& key = std::get<core::Delete>(write).key;
      if (world.keys_.erase(key) == 0) continue;
      changes.push_back({{key, "", world.revision_, 0}, true});
    }
  }
  if (world.witness != nullptr && life == world.life_[node]) {
    world.witness->committed(node, c, sent, before);
  }
  world.changed(changes);
  const bool lost = !world.lose_answer_.empty() &&
                    std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
                      return change.kv.key.find(world.lose_answer_) != std::string::npos;
                    });
  if (lost) {
    world.lose_answer_.clear();
    return std::nullopt;
  }
  return core::TxnDone{c.call, true, world.revision_, sent_local};
}

// ---- the node ----

void Hands::operator()(const core::AddAddress& c) const {
  const bool v4 = c.address.family == base::Family::kV4;
  if (!self().keep_off_lo) self().lo.insert({c.address, v4 ? 32 : 128, v4 ? 254 : 0, true});
  report_addresses();
}

void Hands::operator()(const core::RemoveAddress& c) const {
  if (self().vipd) std::erase_if(self().lo, [&](const auto& l) { return l.address == c.address; });
  for (const auto& [id, fip] : world.fips) {
    if (fip.fip.server == self().server && names(world, id, c.address)) {
      world.violations.push_back("9: the address left its own server");
    }
  }
  report_addresses();
}

// ---- probes ----

void Hands::operator()(const core::ProbeReadyz& c) const {
  core::ReadyzAnswer seen{c.call, core::ReadyzAnswer::Result::kNoAnswer, 0, false, "no answer",
                          world.local(node)};
  const Arrive arrive = [c, seen, from = node](World& then) -> Answer {
    core::ReadyzAnswer answer = seen;
    for (std::size_t i = 0; i < then.nodes.size(); ++i) {
      const ModelNode& other = then.nodes[i];
      const int index = static_cast<int>(i);
      const bool local = c.target == ip("127.0.0.1") && index == from;
      if (!local && c.target != ip(other.address)) continue;
      if (!other.alive || other.hung || !then.linked(from, index)) return std::nullopt;
      answer.why = "refused";
      if (!other.apiserver) return answer;
      const bool good = then.etcd_for(index) && !other.shutting_down && !other.failing;
      answer.result = good ? core::ReadyzAnswer::Result::kOk
                           : core::ReadyzAnswer::Result::kNotReady;
      answer.http_status = good ? 200 : 500;
      answer.shutting_down = other.shutting_down;
      answer.why = good ? "ok" : (other.shutting_down ? "shutdown" : "etcd");
      return answer;
    }
    return std::nullopt;
  };
  world.exchange(node, world.legs(world.pace.probe), c.deadline, seen, arrive);
}

void Hands::operator()(const core::ProbeTls& c) const {
  core::TlsAnswer late{c.call, false, "timeout", world.local(node)};
  world.exchange(node, world.legs(world.pace.probe), c.deadline, late,
                 [late, from = node](World& then) -> Answer {
                   const ModelNode& self = then.nodes[static_cast<std::size_t>(from)];
                   if (self.hung) return std::nullopt;
                   core::TlsAnswer seen = late;
                   seen.alive = self.apiserver;
                   seen.why = self.apiserver ? "" : "refused";
                   return seen;
                 });
}

void Hands::operator()(const core::ProbeCertificate& c) const {
  self().dialled.push_back(c.dial);
  const bool shown = self().apiserver && !self().hung;
  const bool good = shown && self().certificate;
  const char* why = good ? "" : shown ? "names other hosts" : "refused";
  world.answer(node, world.pace.probe,
               core::CertificateSeen{c.call, c.address, shown, good, why, world.local(node)});
}

void Hands::operator()(const core::ReadOwnNode& c) const {
  core::OwnNode seen{c.call, self().apiserver && !self().hung, self().cordoned,
                     self().shutting_down, ""};
  if (seen.answered) return world.answer(node, world.pace.probe, seen);
  world.answer(node, c.deadline - world.local(node), seen);
}

}  // namespace vipd::fakes
