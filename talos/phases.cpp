#include "talos/phases.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ip.h"
#include "base/url.h"
#include "talos/setting_places.h"

namespace vipd::talos {
namespace {

using Texts = std::vector<std::string>;

bool has(const Texts& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

void add(Texts& texts, const std::string& text) {
  if (!text.empty() && !has(texts, text)) texts.push_back(text);
}

absl::Status not_ready(const MachineConfig& live, std::string_view what) {
  return absl::FailedPreconditionError(fmt::format("{}: {}", live.file, what));
}

std::string host_of(const std::string& endpoint) {
  const auto url = base::Url::parse(endpoint);
  return url.ok() ? url->host : "";
}

class Phases {
 public:
  Phases(const PhaseRequest& request, const Declaration& declared, const Form& form,
         const MachineConfig* live)
      : request_(request), declared_(declared), form_(form), live_(live), old_(old_endpoint()) {}

  absl::StatusOr<Goals> goals() {
    absl::Status status;
    if (request_.move != IssuerMove::kNone && request_.phase != Phase::kFinalize) {
      return absl::InvalidArgumentError("the issuer moves in the phase finalize: first the "
                                        "endpoint, which must not depend on it");
    }
    switch (request_.phase) {
      case Phase::kPrepare: status = prepare(); break;
      case Phase::kDaemon: goals_.pod = request_.pod; break;
      case Phase::kCutover: status = cut_over(); break;
      case Phase::kFinalize: status = finalize(); break;
    }
    return status.ok() ? absl::StatusOr<Goals>(goals_) : status;
  }

 private:
  [[nodiscard]] std::string fresh() const { return stable_endpoint(declared_); }

  [[nodiscard]] std::string old_endpoint() const {
    if (!declared_.old_endpoint.empty() || live_ == nullptr) return declared_.old_endpoint;
    const std::string now = endpoint_of(*live_, form_);
    return now == fresh() ? "" : now;
  }

  absl::Status prepare() {
    if (declared_.node_subnets.empty()) {
      return absl::InvalidArgumentError(
          "nodeSubnets is empty: say where the nodes' own addresses live, such as [10.0.1.0/24], "
          "so that etcd and kubelet never advertise a Floating IP");
    }
    goals_.sans = declared_.sans;
    add(goals_.sans, host_of(old_));
    goals_.node_subnets = declared_.node_subnets;
    goals_.addresses = declared_.addresses;
    goals_.shutdown_delay = "5s";
    return pin();
  }

  // In the document form the issuer is said apart from the endpoint anyway.
  absl::Status pin() {
    if (form_.service_account) return absl::OkStatus();
    if (live_ != nullptr) {
      goals_.issuers = issuers_of(*live_, form_);
      goals_.audiences = audiences_of(*live_, form_);
      return absl::OkStatus();
    }
    if (old_.empty()) {
      return absl::InvalidArgumentError(
          "the old endpoint is not known, and service-account tokens must go on with it as their "
          "issuer: set endpoint.old in vipd.yaml, or give --old-endpoint or --live");
    }
    goals_.issuers = goals_.audiences = {old_};
    return absl::OkStatus();
  }

  absl::Status cut_over() {
    goals_.endpoint = fresh();
    if (live_ == nullptr || endpoint_of(*live_, form_) == fresh()) return absl::OkStatus();
    if (!is_issuer_pinned(*live_, form_)) {
      return not_ready(*live_, "issuer and audience of service-account tokens follow from the "
                               "endpoint, so a new one would invalidate every token; apply "
                               "`vipctl render --phase prepare` first");
    }
    const SettingPlace place = apiserver_sans_place(form_);
    const TreeNode* sans = live_->find(place.document, place.path);
    if (sans != nullptr && has(sans->texts(), declared_.host)) return absl::OkStatus();
    return not_ready(*live_, fmt::format("kube-apiserver's certificate does not name {} yet; apply "
                                         "`vipctl render --phase prepare` first",
                                         declared_.host));
  }

  absl::Status finalize() {
    if (live_ != nullptr && endpoint_of(*live_, form_) != fresh()) {
      return not_ready(*live_, fmt::format("the endpoint is not {} yet; apply `vipctl render "
                                           "--phase cutover` first",
                                           fresh()));
    }
    goals_.sans = declared_.sans;
    const std::string old_host = host_of(old_);
    if (!old_host.empty() && !has(goals_.sans, old_host)) goals_.forgotten_sans = {old_host};
    return request_.move == IssuerMove::kNone ? pin() : move_issuer();
  }

  // The issuers to move from; what others may be accepted stays.
  [[nodiscard]] absl::StatusOr<std::string> old_issuer() const {
    if (live_ != nullptr) {
      for (const std::string& each : issuers_of(*live_, form_)) {
        if (each != fresh() && (old_.empty() || each == old_)) return each;
      }
    }
    if (!old_.empty()) return old_;
    return absl::InvalidArgumentError(
        "the issuer to leave is not known: set endpoint.old in vipd.yaml, or give --old-endpoint");
  }

  absl::Status check_lists() const {
    if (form_.service_account || (declared_.version && declared_.version->has_argument_lists())) {
      return absl::OkStatus();
    }
    if (!declared_.version) {
      return absl::InvalidArgumentError(
          "which Talos runs is not known, and only 1.13 and later take two issuers: set "
          "talos.version in vipd.yaml, or give --talos-version");
    }
    return absl::FailedPreconditionError(fmt::format(
        "the issuer cannot be moved on Talos 1.{}: extraArgs take one value each before 1.13, so "
        "no kube-apiserver could accept the old and the new issuer, and control planes would "
        "refuse each other's tokens; leave it pinned, which costs nothing",
        declared_.version->minor));
  }

  absl::Status check_step() const {
    if (request_.move == IssuerMove::kDrop && !request_.signed_long_ago) {
      return absl::FailedPreconditionError(fmt::format(
          "the old issuer may go only when the new one has signed everywhere for {} h: give the "
          "moment that --move-issuer sign was applied to the last control plane with "
          "--signed-since, such as 2026-01-31T12:00:00Z",
          kIssuerRestHours));
    }
    if (live_ == nullptr) return absl::OkStatus();
    const Texts now = issuers_of(*live_, form_);
    const bool accepted = has(now, fresh());
    if (request_.move == IssuerMove::kSign && !accepted) {
      return not_ready(*live_, "the new issuer is not accepted here yet; apply --move-issuer "
                               "accept to every control plane first");
    }
    if (request_.move == IssuerMove::kDrop && (now.empty() || now.front() != fresh())) {
      return not_ready(*live_, "the new issuer does not sign here yet; apply --move-issuer sign "
                               "to every control plane first");
    }
    return absl::OkStatus();
  }

  absl::Status move_issuer() {
    if (const auto status = check_lists(); !status.ok()) return status;
    if (const auto status = check_step(); !status.ok()) return status;
    const auto old = old_issuer();
    const bool is_over = request_.move == IssuerMove::kDrop && !old.ok() && live_ != nullptr;
    if (!old.ok() && !is_over) return old.status();
    const std::string before = is_over ? "" : *old;
    const Texts both = request_.move == IssuerMove::kAccept ? Texts{before, fresh()}
                       : request_.move == IssuerMove::kSign ? Texts{fresh(), before}
                                                            : Texts{fresh()};
    goals_.issuers = goals_.audiences = both;
    if (live_ == nullptr) return absl::OkStatus();
    for (const std::string& each : issuers_of(*live_, form_)) {
      if (each != before) add(goals_.issuers, each);
    }
    for (const std::string& each : audiences_of(*live_, form_)) {
      if (each != before) add(goals_.audiences, each);
    }
    return absl::OkStatus();
  }

  const PhaseRequest& request_;
  const Declaration& declared_;
  const Form& form_;
  const MachineConfig* live_;
  std::string old_;
  Goals goals_;
};

}  // namespace

std::string stable_endpoint(const Declaration& declared) {
  return "https://" + base::host_and_port(declared.host, declared.port);
}

absl::StatusOr<Goals> goals_for(const PhaseRequest& request, const Declaration& declared,
                                const Form& form, const MachineConfig* live) {
  return Phases(request, declared, form, live).goals();
}

}  // namespace vipd::talos
