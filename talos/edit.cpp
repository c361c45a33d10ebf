#include "talos/edit.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/ip.h"
#include "talos/pod_edit.h"
#include "talos/setting_places.h"

namespace vipd::talos {
namespace {

using Kind = TreeNode::Kind;
using Texts = std::vector<std::string>;

constexpr char kIssuer[] = "service-account-issuer";
constexpr char kAudiences[] = "api-audiences";

bool has(const Texts& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

Texts at(const MachineConfig* config, const SettingPlace& place) {
  const TreeNode* node = config == nullptr ? nullptr : config->find(place.document, place.path);
  return node == nullptr ? Texts() : node->texts();
}

// "a,b" as a list; an argument may be given in both ways.
Texts split_commas(const Texts& texts) {
  Texts all;
  for (const std::string& text : texts) {
    for (std::size_t from = 0; from <= text.size();) {
      const std::size_t comma = std::min(text.find(',', from), text.size());
      if (comma > from) all.push_back(text.substr(from, comma - from));
      from = comma + 1;
    }
  }
  return all;
}

class Planner {
 public:
  Planner(const Goals& goals, const Form& form, const MachineConfig* live)
      : goals_(goals), form_(form), live_(live) {}

  absl::StatusOr<std::vector<Edit>> plan() {
    sans();
    issuer();
    if (const auto status = subnets(); !status.ok()) return status;
    if (!goals_.shutdown_delay.empty()) {
      put({.file = "keep-apiserver-while-traffic-leaves",
           .why = "/readyz turns before the listener closes, so the address can leave first."},
          argument_place(form_, "shutdown-delay-duration"), text_value(goals_.shutdown_delay));
    }
    if (!goals_.endpoint.empty()) {
      put({.file = "use-stable-api-endpoint",
           .why = "The address of no single node, so that it outlives them all.",
           .scope = Scope::kCluster},
          endpoint_place(form_), text_value(goals_.endpoint));
    }
    if (goals_.pod) {
      auto edit = pod_edit(*goals_.pod, form_, live_);
      if (!edit.ok()) return edit.status();
      if (edit->has_value()) edits_.push_back(**std::move(edit));
    }
    return std::move(edits_);
  }

 private:
  // A list as it shall be, from what is there and what is wanted.
  void put_list_of(Edit edit, const SettingPlace& place, const Texts& wanted) {
    const Texts there = at(live_, place);
    if (there == wanted) return;
    Texts left = there;
    for (const std::string& text : wanted) {
      const auto kept = std::find(left.begin(), left.end(), text);
      if (kept == left.end()) {
        edit.items.emplace_back(text_value(text));
      } else {
        edit.items.emplace_back(static_cast<std::size_t>(kept - left.begin()));
        *kept = std::string(1, '\0');  // in no YAML text
      }
    }
    edit.document = place.document;
    edit.path = place.path;
    edit.value = list_value(wanted);
    edit.appends = true;
    edits_.push_back(std::move(edit));
  }

  void put(Edit edit, const SettingPlace& place, Value value) {
    const TreeNode* there =
        live_ == nullptr ? nullptr : live_->find(place.document, place.path);
    if (there != nullptr && same_meaning(*there, value.tree)) return;
    edit.document = place.document;
    edit.path = place.path;
    edit.value = std::move(value);
    edits_.push_back(std::move(edit));
  }

  [[nodiscard]] Texts with_sans(const Texts& there) const {
    Texts wanted;
    for (const std::string& text : there) {
      if (!has(goals_.forgotten_sans, text)) wanted.push_back(text);
    }
    for (const std::string& text : goals_.sans) {
      if (!has(wanted, text)) wanted.push_back(text);
    }
    return wanted;
  }

  void sans() {
    if (goals_.sans.empty() && goals_.forgotten_sans.empty()) return;
    const SettingPlace apiserver = apiserver_sans_place(form_);
    put_list_of({.file = "trust-stable-api-endpoint",
                 .why = "Every name and address that clients reach kube-apiserver by."},
                apiserver, with_sans(at(live_, apiserver)));
    put_list_of({.file = "trust-stable-talos-address",
                 .why = "The same for the Talos API, whose certificate does not name the endpoint "
                        "by itself."},
                talos_sans_place(), with_sans(at(live_, talos_sans_place())));
  }

  void issuer() {
    const Edit edit{.file = "pin-service-account-issuer",
                    .why = "Talos takes issuer and audience from the endpoint unless they are "
                           "said; a new endpoint would invalidate every token."};
    if (form_.service_account) {
      if (!goals_.issuers.empty()) {
        put(edit, {kServiceAccountDocument, {"issuer", "issuerURL"}},
            text_value(goals_.issuers.front()));
        put_list_of(edit, {kServiceAccountDocument, {"accepted", "issuers"}},
                    {goals_.issuers.begin() + 1, goals_.issuers.end()});
      }
      if (!goals_.audiences.empty()) {
        put_list_of(edit, {kServiceAccountDocument, {"accepted", "audiences"}}, goals_.audiences);
      }
      return;
    }
    if (goals_.issuers.size() == 1) {
      put_argument(edit, kIssuer, goals_.issuers.front());
    } else if (!goals_.issuers.empty()) {
      put(edit, argument_place(form_, kIssuer), list_value(goals_.issuers));
    }
    if (!goals_.audiences.empty()) {
      put_argument(edit, kAudiences, fmt::format("{}", fmt::join(goals_.audiences, ",")));
    }
  }

  // A text; a list that says the same is left alone.
  void put_argument(const Edit& edit, const std::string& name, const std::string& text) {
    const SettingPlace place = argument_place(form_, name);
    if (split_commas(at(live_, place)) == split_commas({text})) return;
    put(edit, place, text_value(text));
  }

  // Subnets that take away come last, as Talos wants them (facts/talos.md 3.6).
  absl::StatusOr<Texts> with_subnets(const Texts& there) const {
    Texts wanted = there;
    for (const std::string& subnet : goals_.node_subnets) {
      if (has(wanted, subnet)) continue;
      const auto first_negative = std::find_if(
          wanted.begin(), wanted.end(), [](const std::string& each) { return each[0] == '!'; });
      wanted.insert(first_negative, subnet);
    }
    const Texts positive = wanted;
    for (const std::string& text : goals_.addresses) {
      const auto address = base::IpAddress::parse(text);
      if (!address.ok()) return address.status();
      const std::string never = "!" + base::IpPrefix::parse(text)->text();
      bool inside = false;
      for (const std::string& subnet : positive) {
        const auto prefix = base::IpPrefix::parse(subnet);
        inside = inside || (prefix.ok() && prefix->contains(*address));
      }
      if (inside && !has(wanted, never)) wanted.push_back(never);
    }
    return wanted;
  }

  absl::Status subnets() {
    if (goals_.node_subnets.empty()) return absl::OkStatus();
    const SettingPlace etcd = etcd_subnets_place();
    const auto etcd_wanted = with_subnets(at(live_, etcd));
    if (!etcd_wanted.ok()) return etcd_wanted.status();
    put_list_of({.file = "keep-etcd-on-node-network",
                 .why = "Else etcd may advertise the Floating IP to its peers, and lose its "
                        "quorum when that moves."},
                etcd, *etcd_wanted);
    const SettingPlace node = node_subnets_place(form_);
    const auto node_wanted = with_subnets(at(live_, node));
    if (!node_wanted.ok()) return node_wanted.status();
    put_list_of({.file = "keep-kubelet-on-node-network",
                 .why = "Else kubelet may take the Floating IP for the node's own address."},
                node, *node_wanted);
    return absl::OkStatus();
  }

  const Goals& goals_;
  const Form& form_;
  const MachineConfig* live_;
  std::vector<Edit> edits_;
};

}  // namespace

absl::StatusOr<std::vector<Edit>> edits_for(const Goals& goals, const Form& form,
                                            const MachineConfig* live) {
  return Planner(goals, form, live).plan();
}

absl::Status carry_out(const std::vector<Edit>& edits, MachineConfig& config) {
  for (const Edit& edit : edits) {
    const auto status = edit.appends ? put_list(config, edit.document, edit.path, edit.items)
                                     : put(config, edit.document, edit.path, edit.value);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string endpoint_of(const MachineConfig& config, const Form& form) {
  const Texts texts = at(&config, endpoint_place(form));
  return texts.empty() ? std::string() : texts.front();
}

std::vector<std::string> issuers_of(const MachineConfig& config, const Form& form) {
  if (form.service_account) {
    Texts all = at(&config, {kServiceAccountDocument, {"issuer", "issuerURL"}});
    for (std::string& each : at(&config, {kServiceAccountDocument, {"accepted", "issuers"}})) {
      all.push_back(std::move(each));
    }
    return all;
  }
  const Texts pinned = at(&config, argument_place(form, kIssuer));
  return pinned.empty() ? Texts{endpoint_of(config, form)} : pinned;
}

std::vector<std::string> audiences_of(const MachineConfig& config, const Form& form) {
  if (form.service_account) {
    const Texts texts = at(&config, {kServiceAccountDocument, {"accepted", "audiences"}});
    const Texts issuers = issuers_of(config, form);
    return texts.empty() && !issuers.empty() ? Texts{issuers.front()} : texts;
  }
  const Texts pinned = split_commas(at(&config, argument_place(form, kAudiences)));
  return pinned.empty() ? Texts{endpoint_of(config, form)} : pinned;
}

bool is_issuer_pinned(const MachineConfig& config, const Form& form) {
  return form.service_account || (!at(&config, argument_place(form, kIssuer)).empty() &&
                                  !at(&config, argument_place(form, kAudiences)).empty());
}

}  // namespace vipd::talos
