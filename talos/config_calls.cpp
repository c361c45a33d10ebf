#include "talos/config_calls.h"

#include <utility>

#include "talos/archive.h"
#include "talos/wire.h"

namespace vipd::talos {
namespace {

using Stub = machine::MachineService::Stub;
using Request = machine::ApplyConfigurationRequest;

constexpr std::size_t kLargestPackedKubeconfig = 1 << 20;

// As talosctl's --mode has them.
std::string mode_text(Request::Mode mode) {
  switch (mode) {
    case Request::REBOOT: return "reboot";
    case Request::AUTO: return "auto";
    case Request::NO_REBOOT: return "no-reboot";
    case Request::STAGED: return "staged";
    case Request::TRY: return "try";
    default: return "unknown";
  }
}

}  // namespace

absl::StatusOr<Applied> apply_configuration(const Client& client, const Target& target,
                                            const base::Secret& config, ApplyMode mode,
                                            const ApplyOptions& options) {
  Request request;
  request.set_data(std::string(config.reveal()));
  request.set_mode(static_cast<Request::Mode>(mode));
  request.set_dry_run(options.dry_run);
  if (mode == ApplyMode::kTry) {
    request.mutable_try_mode_timeout()->set_seconds(options.undone_after.count());
  }
  const auto answer = client.wire().ask({"ApplyConfiguration", Needs::kAdmin}, target,
                                        &Stub::ApplyConfiguration, request);
  if (!answer.ok()) return answer.status();
  return Applied{mode_text(answer->mode()),
                 answer->mode_details(),
                 {answer->warnings().begin(), answer->warnings().end()}};
}

absl::StatusOr<std::string> forfeit_etcd_leadership(const Client& client, const Target& target) {
  const auto answer = client.wire().ask({"EtcdForfeitLeadership", Needs::kAdmin}, target,
                                        &Stub::EtcdForfeitLeadership, {});
  if (!answer.ok()) return answer.status();
  return answer->member();
}

absl::StatusOr<base::Secret> kubeconfig(const Client& client, const Target& target) {
  const auto packed = client.wire().collect({"Kubeconfig", Needs::kAdmin}, target,
                                            &Stub::Kubeconfig, {}, kLargestPackedKubeconfig);
  if (!packed.ok()) return packed.status();
  return first_file_of(*packed);
}

absl::StatusOr<ClientConfiguration> generate_client_configuration(
    const Client& client, const Target& target, const std::vector<std::string>& roles,
    std::chrono::seconds ttl) {
  machine::GenerateClientConfigurationRequest request;
  for (const std::string& role : roles) request.add_roles(role);
  request.mutable_crt_ttl()->set_seconds(ttl.count());
  auto answer = client.wire().ask({"GenerateClientConfiguration", Needs::kAdmin}, target,
                                  &Stub::GenerateClientConfiguration, request);
  if (!answer.ok()) return answer.status();
  return ClientConfiguration{answer->ca(), answer->crt(),
                             base::Secret(std::move(*answer->mutable_key())),
                             base::Secret(std::move(*answer->mutable_talosconfig()))};
}

absl::StatusOr<std::string> read_file(const Client& client, const Target& target,
                                      const std::string& path, std::size_t limit) {
  machine::ReadRequest request;
  request.set_path(path);
  return client.wire().collect({"Read", Needs::kAdmin}, target, &Stub::Read, request, limit);
}

}  // namespace vipd::talos
