#include "vipd/etcd/requests.h"

namespace vipd::etcd {

std::shared_ptr<Stubs> Requests::ready(core::CallId call, base::Instant deadline) {
  const base::Instant now = clock_.now();
  std::string why;
  if (!connection_.stubs()) {
    why = connection_.problem();
  } else if (deadline <= now) {
    why = "etcd was not asked: the deadline had passed before the request could leave";
  } else {
    return connection_.stubs();
  }
  calls_.on_loop([this, call, why, now] {
    post_(core::EtcdFailed{.call = call, .unknown = false, .why = why, .sent_at = now});
  });
  return nullptr;
}

core::Event Requests::failure(core::CallId call, const Stubs& used, const grpc::Status& status,
                              base::Instant sent_at) {
  return core::EtcdFailed{.call = call,
                          .unknown = outcome_unknown(status),
                          .why = connection_.failed(used, status),
                          .sent_at = sent_at};
}

}  // namespace vipd::etcd
