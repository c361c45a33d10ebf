// What a gRPC status says about a request to etcd. Pure.
//
// Source  etcd api/v3rpc/rpctypes/error.go: etcd's own refusals begin with "etcdserver: ".
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "vipd/etcd/credentials.h"

namespace vipd::etcd {

// The request may have been applied all the same. False only for what etcd surely refused.
[[nodiscard]] bool outcome_unknown(const grpc::Status& status);

// The way to the endpoint is broken, as opposed to an answer or to silence.
[[nodiscard]] bool connection_broken(const grpc::Status& status);

// For people: endpoint, cause, next step. `problem` is what is now wrong with the files.
[[nodiscard]] std::string explain(const std::string& endpoint, const grpc::Status& status,
                                  const TlsFiles& files, const absl::Status& problem);

// The same code and explain()'s words.
[[nodiscard]] absl::Status to_absl(const std::string& endpoint, const grpc::Status& status,
                                   const TlsFiles& files);

}  // namespace vipd::etcd
