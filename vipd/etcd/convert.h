// The core's words for etcd <-> the wire's. Pure; values are bytes and pass untouched.
#pragma once

#include <string>

#include "vipd/core/command.h"
#include "vipd/core/event.h"
#include "vipd/etcd/proto/rpc.pb.h"

namespace vipd::etcd {

// One past the last key that starts with `prefix` (not empty, not all 0xff).
[[nodiscard]] std::string end_of_prefix(std::string prefix);

[[nodiscard]] core::KeyValue to_key_value(const mvccpb::KeyValue& wire);
[[nodiscard]] etcdserverpb::TxnRequest to_request(const core::Txn& txn);

// Events keep their order: one response may hold several of the same key.
[[nodiscard]] core::EtcdChanged to_changed(const etcdserverpb::WatchResponse& wire);

}  // namespace vipd::etcd
