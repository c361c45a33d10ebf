// gRPC writes every failed handshake to stderr, beside our log, as often as it tries; the
// statuses say the same.
#pragma once

namespace vipd::etcd {

// For main(), before the first channel and before there are threads. GRPC_VERBOSITY wins.
void keep_grpc_quiet();

}  // namespace vipd::etcd
