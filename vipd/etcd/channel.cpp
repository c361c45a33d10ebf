#include "vipd/etcd/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "absl/strings/strip.h"

namespace vipd::etcd {

std::shared_ptr<grpc::Channel> open_channel(const std::string& endpoint,
                                            const Credentials& credentials) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = credentials.ca_pem;
  tls.pem_cert_chain = credentials.certificate_pem;
  tls.pem_private_key = std::string(credentials.key_pem.reveal());

  grpc::ChannelArguments settings;
  // The core repeats what is worth repeating; gRPC must not do so behind its back.
  settings.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // A variable of the environment must not lead etcd's traffic elsewhere.
  settings.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Without its own pool a new channel could be given the connection of one with other files.
  settings.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  settings.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // Bounds one attempt to connect, in spite of its name: TLS on a busy node needs some time.
  settings.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  settings.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  settings.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  settings.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  settings.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no limit
  // Its pings come as often as data does, and etcd counts them as too many.
  settings.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);

  return grpc::CreateCustomChannel(std::string(absl::StripPrefix(endpoint, "https://")),
                                   grpc::SslCredentials(tls), settings);
}

Stubs::Stubs(std::string at, const Credentials& credentials)
    : endpoint(std::move(at)),
      channel(open_channel(endpoint, credentials)),
      kv(channel),
      watch(channel),
      lease(channel),
      maintenance(channel) {}

}  // namespace vipd::etcd
