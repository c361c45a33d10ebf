#include "vipd/etcd/convert.h"

#include <variant>

namespace vipd::etcd {
namespace {

namespace pb = etcdserverpb;

void add_compare(pb::TxnRequest& request, const core::Compare& compare) {
  // A missing key compares as mod_revision 0.
  pb::Compare& by_revision = *request.add_compare();
  by_revision.set_key(compare.key);
  by_revision.set_target(pb::Compare::MOD);
  by_revision.set_result(pb::Compare::EQUAL);
  by_revision.set_mod_revision(compare.mod_revision);
  if (!compare.value) return;
  pb::Compare& by_value = *request.add_compare();
  by_value.set_key(compare.key);
  by_value.set_target(pb::Compare::VALUE);
  by_value.set_result(pb::Compare::EQUAL);
  by_value.set_value(*compare.value);
}

void add_write(pb::TxnRequest& request, const core::Put& put) {
  pb::PutRequest& wire = *request.add_success()->mutable_request_put();
  wire.set_key(put.key);
  wire.set_value(put.value);
  wire.set_lease(put.lease);
}

void add_write(pb::TxnRequest& request, const core::Delete& erase) {
  request.add_success()->mutable_request_delete_range()->set_key(erase.key);
}

}  // namespace

std::string end_of_prefix(std::string prefix) {
  while (prefix.back() == '\xff') prefix.pop_back();
  ++prefix.back();
  return prefix;
}

core::KeyValue to_key_value(const mvccpb::KeyValue& wire) {
  return {.key = wire.key(),
          .value = wire.value(),
          .mod_revision = wire.mod_revision(),
          .lease = wire.lease()};
}

pb::TxnRequest to_request(const core::Txn& txn) {
  pb::TxnRequest request;
  for (const core::Compare& compare : txn.compare) add_compare(request, compare);
  for (const core::Write& write : txn.write) {
    std::visit([&request](const auto& each) { add_write(request, each); }, write);
  }
  return request;
}

core::EtcdChanged to_changed(const pb::WatchResponse& wire) {
  core::EtcdChanged changed{.revision = wire.header().revision(), .changes = {}};
  for (const mvccpb::Event& event : wire.events()) {
    changed.changes.push_back({.kv = to_key_value(event.kv()),
                               .deleted = event.type() == mvccpb::Event::DELETE});
  }
  return changed;
}

}  // namespace vipd::etcd
