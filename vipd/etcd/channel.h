// One gRPC channel to one etcd endpoint, with the settings vipd's deadlines rest on.
//
// Threads  open_channel() and Stubs' calls: any thread. No I/O before the first call.
// Source   etcd server/embed: client pings more often than every 5 s end the connection.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "vipd/etcd/credentials.h"
#include "vipd/etcd/proto/rpc.grpc.pb.h"

namespace vipd::etcd {

// `endpoint` is "https://HOST:PORT"; HOST must be in the server certificate's SANs.
std::shared_ptr<grpc::Channel> open_channel(const std::string& endpoint,
                                            const Credentials& credentials);

struct Stubs {
  Stubs(std::string at, const Credentials& credentials);

  std::string endpoint;
  std::shared_ptr<grpc::Channel> channel;
  etcdserverpb::KV::Stub kv;
  etcdserverpb::Watch::Stub watch;
  etcdserverpb::Lease::Stub lease;
  etcdserverpb::Maintenance::Stub maintenance;
};

}  // namespace vipd::etcd
