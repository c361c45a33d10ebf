#include "talos/wire.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/x509.h"

namespace vipd::talos {
namespace {

std::shared_ptr<grpc::Channel> open_channel(const std::string& endpoint, const Context& context) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = context.ca_pem;
  tls.pem_cert_chain = context.certificate_pem;
  tls.pem_private_key = std::string(context.key_pem.reveal());

  grpc::ChannelArguments settings;
  settings.SetMaxReceiveMessageSize(kLargestMessage);
  settings.SetMaxSendMessageSize(kLargestMessage);
  // Which calls may be repeated is decided here, not behind our back.
  settings.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  settings.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Without its own pool a channel could be given the connection of one with other credentials.
  settings.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Bounds one attempt to connect, in spite of its name.
  settings.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                  static_cast<int>(std::chrono::milliseconds(kConnectWithin).count()));
  settings.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  settings.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // Its pings come as often as data does, and Go's servers end connections over that.
  settings.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(endpoint, grpc::SslCredentials(tls), settings);
}

Identity identity_of(const Context& context) {
  Identity identity;
  identity.context = context.name;
  const auto certificate = base::read_certificate(context.certificate_pem);
  if (!certificate.ok()) return identity;  // cannot be: the talosconfig was read with it
  identity.roles = certificate->organizations;
  identity.not_before = certificate->not_before;
  identity.not_after = certificate->not_after;
  return identity;
}

absl::StatusCode code_of(const grpc::Status& status) {
  return static_cast<absl::StatusCode>(status.error_code());  // the numbers are the same
}

// By the monotonic clock: a step of the wall clock must not stretch a deadline.
gpr_timespec grpc_deadline(base::Instant deadline, base::Instant now) {
  const auto left = std::max(deadline - now, base::Instant::duration::zero());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
}

}  // namespace

Stubs::Stubs(std::string at, const Context& context)
    : endpoint(std::move(at)),
      channel(open_channel(endpoint, context)),
      machine(channel),
      state(channel) {}

Wire::Wire(const base::Clock& clock, Context context)
    : clock_(clock), context_(std::move(context)), identity_(identity_of(context_)) {}

absl::Status Wire::call(const Method& method, const Target& target, const Exchange& exchange) {
  if (!target.node.empty()) {
    if (auto status = check_node(target.node); !status.ok()) return status;
  }
  if (auto status = check_validity(identity_, clock_.wall()); !status.ok()) return status;

  std::vector<absl::Status> causes;
  const std::size_t count = context_.endpoints.size();
  const std::size_t start = first();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t passed_over = causes.size();
    absl::Status status = attempt((start + i) % count, method, target, exchange, causes);
    if (causes.size() == passed_over) return status;
  }
  return no_endpoint(method, target.node, identity_, causes);
}

// Adds to `causes` where the endpoint could not be connected to; else its answer stands.
absl::Status Wire::attempt(std::size_t endpoint, const Method& method, const Target& target,
                           const Exchange& exchange, std::vector<absl::Status>& causes) {
  Stubs& at = stubs(endpoint);
  grpc::ClientContext context;
  context.set_deadline(grpc_deadline(target.deadline, clock_.now()));
  if (!target.node.empty()) context.AddMetadata("node", target.node);

  const grpc::Status status = exchange(at, context);
  if (never_connected(code_of(status), status.error_message())) {
    causes.push_back(unreachable(at.endpoint, status.error_message()));
    return causes.back();
  }
  std::string said = status.error_message();
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED &&
      at.channel->GetState(false) != GRPC_CHANNEL_READY) {
    said = "no connection was made";
    for (const absl::Status& cause : causes) {
      said += fmt::format("; before, {}", std::string(cause.message()));
    }
  } else {
    const base::MutexLock lock(mutex_);
    answered_last_ = endpoint;
  }
  return refusal({method, target.node, at.endpoint}, identity_, code_of(status), said);
}

std::size_t Wire::first() const {
  const base::MutexLock lock(mutex_);
  return answered_last_;
}

Stubs& Wire::stubs(std::size_t endpoint) {
  const base::MutexLock lock(mutex_);
  auto& made = stubs_[endpoint];
  if (!made) made = std::make_unique<Stubs>(context_.endpoints[endpoint].text(), context_);
  return *made;
}

absl::Status bad_answer(const Method& method, const Target& target, std::string_view what) {
  return absl::InternalError(fmt::format(
      "{}{}: {}; compare the node's Talos version with those vipctl knows", method.name,
      target.node.empty() ? "" : fmt::format(" on {}", target.node), one_line(what)));
}

}  // namespace vipd::talos
