#include "vipd/etcd/kv.h"

#include "vipd/etcd/convert.h"

namespace vipd::etcd {

namespace pb = etcdserverpb;

void Kv::carry_out(const core::ReadKey& command) {
  pb::RangeRequest request;
  request.set_key(command.key);
  requests_.send(
      command.call, &Stubs::kv, &pb::KV::StubInterface::async_interface::Range, request,
      command.deadline,
      [call = command.call](const pb::RangeResponse& response, base::Instant sent_at) {
        core::KeyRead read{.call = call,
                           .found = std::nullopt,
                           .revision = response.header().revision(),
                           .sent_at = sent_at};
        if (response.kvs_size() > 0) read.found = to_key_value(response.kvs(0));
        return read;
      });
}

void Kv::carry_out(const core::ReadMember& command) {
  requests_.send(
      command.call, &Stubs::maintenance, &pb::Maintenance::StubInterface::async_interface::Status,
      pb::StatusRequest(), command.deadline,
      [call = command.call](const pb::StatusResponse& response, base::Instant sent_at) {
        return core::MemberStatus{.call = call,
                                  .member = response.header().member_id(),
                                  .leader = response.leader(),
                                  .term = response.raftterm(),
                                  .learner = response.islearner(),
                                  .version = response.version(),
                                  .sent_at = sent_at};
      });
}

void Kv::carry_out(const core::Txn& command) {
  requests_.send(
      command.call, &Stubs::kv, &pb::KV::StubInterface::async_interface::Txn, to_request(command),
      command.deadline,
      [call = command.call](const pb::TxnResponse& response, base::Instant sent_at) {
        return core::TxnDone{.call = call,
                             .committed = response.succeeded(),
                             .revision = response.header().revision(),
                             .sent_at = sent_at};
      });
}

}  // namespace vipd::etcd
