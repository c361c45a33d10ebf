#include "tools/lab/membership.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "tools/lab/call.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

constexpr Millis kCall{2000};
constexpr Millis kGlance{1000};  // for status: a partitioned member must not stall it
constexpr Millis kEvery{200};
constexpr Millis kPatience{30000};

const etcd::Member* find(const std::vector<etcd::Member>& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const etcd::Member& member) { return member.name == name; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<etcd::Members> Membership::open(const NodePlan& plan) const {
  return etcd::Members::open(client_url(plan),
                             {.ca = layout_.pki("etcd-ca.crt"),
                              .certificate = layout_.pki("etcd-client.crt"),
                              .key = layout_.pki("etcd-client.key")},
                             clock_.wall());
}

absl::StatusOr<Membership::View> Membership::look(const std::vector<NodePlan>& through) const {
  absl::Status last =
      absl::UnavailableError("no etcd member is on; `lab status` shows what is left");
  for (const auto& plan : through) {
    auto members = open(plan);
    if (!members.ok()) return members.status();
    auto list = members->list(kGlance);
    if (list.ok()) return View{*std::move(members), *std::move(list)};
    last = list.status();
  }
  return last;
}

absl::StatusOr<std::size_t> Membership::voters(const std::vector<NodePlan>& through) const {
  const auto view = look(through);
  if (!view.ok()) return view.status();
  return static_cast<std::size_t>(
      std::count_if(view->list.begin(), view->list.end(),
                    [](const etcd::Member& member) { return !member.learner; }));
}

absl::StatusOr<std::string> Membership::replace(const std::vector<NodePlan>& through,
                                                const std::vector<std::string>& dead,
                                                const NodePlan& born) {
  std::vector<std::string> cluster{born.name + "=" + peer_url(born)};
  const auto attempt = [&]() -> absl::Status {
    auto view = look(through);
    if (!view.ok()) return view.status();
    for (const auto& name : dead)
      if (const auto* member = find(view->list, name))
        if (auto removed = view->members.remove(member->id, kCall); !removed.ok()) return removed;
    const bool added = std::any_of(view->list.begin(), view->list.end(), [&](const auto& member) {
      return member.peer_urls == std::vector{peer_url(born)};
    });
    if (!added)
      if (auto done = view->members.add_learner(peer_url(born), kCall); !done.ok())
        return done.status();
    cluster.resize(1);
    for (const auto& member : view->list)
      if (std::find(dead.begin(), dead.end(), member.name) == dead.end() && !member.name.empty())
        cluster.push_back(member.name + "=" + member.peer_urls.at(0));
    return absl::OkStatus();
  };
  // etcd refuses changes while it thinks a member unhealthy, for some seconds after an election.
  if (auto done = until_ok("replace etcd member " + born.name, kEvery, kPatience, attempt);
      !done.ok())
    return done;
  return fmt::format("{}", fmt::join(cluster, ","));
}

absl::Status Membership::promote(const std::vector<NodePlan>& through, const std::string& name) {
  return until_ok("promote etcd member " + name, kEvery, kPatience, [&]() -> absl::Status {
    auto view = look(through);
    if (!view.ok()) return view.status();
    const auto* member = find(view->list, name);
    if (member == nullptr) return absl::NotFoundError(name + " has not started");
    return member->learner ? view->members.promote(member->id, kCall) : absl::OkStatus();
  });
}

base::Json Membership::json(const std::vector<NodePlan>& through) {
  base::Json out = {{"leader", nullptr}, {"members", base::Json::array()}};
  auto view = look(through);
  if (!view.ok()) {
    out["problem"] = std::string(view.status().message());
    return out;
  }
  const auto status = view->members.status(kGlance);
  for (const auto& member : view->list) {
    out["members"].push_back({{"name", member.name},
                              {"id", fmt::format("{:x}", member.id)},
                              {"learner", member.learner},
                              {"peer_urls", member.peer_urls}});
    if (status.ok() && status->leader == member.id) out["leader"] = member.name;
  }
  return out;
}

absl::Status Membership::move_leader(const std::vector<NodePlan>& through,
                                     const std::string& name) {
  auto view = look(through);
  if (!view.ok()) return view.status();
  const auto status = view->members.status(kCall);
  if (!status.ok()) return status.status();
  const auto* to = find(view->list, name);
  if (to == nullptr) return absl::NotFoundError("no etcd member " + name);
  if (to->id == status->leader) return absl::OkStatus();
  for (const auto& member : view->list)
    for (const auto& plan : through)
      if (member.id == status->leader && plan.name == member.name) {
        auto leader = open(plan);
        return leader.ok() ? leader->move_leader(to->id, kCall) : leader.status();
      }
  return absl::UnavailableError("etcd has no leader that is on");
}

}  // namespace vipd::lab
