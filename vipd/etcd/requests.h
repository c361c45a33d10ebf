// How one-shot requests are made: with a deadline, answered once, failures in the core's words.
//
// Threads  The loop's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "base/clock.h"
#include "vipd/core/event.h"
#include "vipd/etcd/calls.h"
#include "vipd/etcd/connection.h"
#include "vipd/etcd/failure.h"

namespace vipd::etcd {

class Requests {
 public:
  Requests(const base::Clock& clock, Calls& calls, Connection& connection,
           std::function<void(core::Event)> post)
      : clock_(clock), calls_(calls), connection_(connection), post_(std::move(post)) {}

  // `service` is the stub in Stubs that has `method`. `answer(response, sent_at)` makes the
  // event of a good reply; a bad one becomes EtcdFailed.
  template <class Service, class Async, class Request, class Response>
  void send(core::CallId call, Service Stubs::*service,
            void (Async::*method)(grpc::ClientContext*, const Request*, Response*,
                                  std::function<void(grpc::Status)>),
            std::type_identity_t<Request> request, base::Instant deadline,
            std::function<core::Event(const std::type_identity_t<Response>&, base::Instant)>
                answer) {
    const std::shared_ptr<Stubs> stubs = ready(call, deadline);
    if (!stubs) return;
    ask(calls_, clock_, (stubs.get()->*service).async(), method, std::move(request), deadline,
        [this, call, stubs, answer = std::move(answer)](const Reply<Response>& reply) {
          post_(reply.status.ok() ? answer(reply.response, reply.sent_at)
                                  : failure(call, *stubs, reply.status, reply.sent_at));
        });
  }

  // Null where a request cannot leave; EtcdFailed is then on its way.
  std::shared_ptr<Stubs> ready(core::CallId call, base::Instant deadline);

  core::Event failure(core::CallId call, const Stubs& used, const grpc::Status& status,
                      base::Instant sent_at);

 private:
  const base::Clock& clock_;
  Calls& calls_;
  Connection& connection_;
  std::function<void(core::Event)> post_;
};

}  // namespace vipd::etcd
