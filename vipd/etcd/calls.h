// What is under way at gRPC, and the only way from its threads back onto the loop.
//
// Threads    on_loop() and ended(): any. Everything else is the loop's.
// Ownership  Calls are owned here until gRPC is done with them and are then freed by the loop,
//            never on gRPC's threads: a call may hold its channel's last reference, and gRPC
//            1.51 aborts where one of its own callback threads drops that.
// Lifetime   Outlives whoever makes calls through it. The destructor cancels what is under way
//            and waits for gRPC's last callback; what was meant for the loop is then dropped.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/clock.h"
#include "base/thread_annotations.h"

namespace vipd::etcd {

struct Call {
  Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  virtual ~Call() = default;

  grpc::ClientContext context;
};

class Calls {
 public:
  explicit Calls(boost::asio::io_context& loop);
  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  // To be called before the call is started.
  void began(std::unique_ptr<Call> call);
  // gRPC will not touch `call` again. The loop does `last` and frees the call.
  void ended(const Call& call, std::function<void()> last);

  void on_loop(std::function<void()> work);

  // The same work, skipped once this is gone. For handlers of timers.
  template <class Work>
  auto while_alive(Work work) const {
    return [alive = std::weak_ptr<bool>(alive_), work = std::move(work)](auto... arguments) {
      if (alive.lock()) work(arguments...);
    };
  }

 private:
  boost::asio::io_context& loop_;
  std::shared_ptr<bool> alive_;
  base::Mutex mutex_;
  std::condition_variable_any none_left_;
  std::map<const Call*, std::unique_ptr<Call>> under_way_ VIPD_GUARDED_BY(mutex_);
};

// By the monotonic clock: a step of the wall clock must not stretch a deadline.
void set_deadline(grpc::ClientContext& context, base::Instant deadline, base::Instant now);

template <class Response>
struct Reply {
  grpc::Status status;
  Response response;
  base::Instant sent_at;
};

// One request, one reply: `done` runs on the loop, shortly after the deadline at the latest.
// `async` is a generated stub's async(), `method` one of its StubInterface::async_interface.
template <class Async, class Request, class Response>
void ask(Calls& calls, const base::Clock& clock, std::type_identity_t<Async>* async,
         void (Async::*method)(grpc::ClientContext*, const Request*, Response*,
                               std::function<void(grpc::Status)>),
         std::type_identity_t<Request> request, base::Instant deadline,
         std::function<void(const Reply<std::type_identity_t<Response>>&)> done) {
  struct Unary final : Call {
    Request request;
    Reply<Response> reply;
    std::function<void(const Reply<Response>&)> done;
  };
  auto owned = std::make_unique<Unary>();
  Unary* const call = owned.get();
  call->request = std::move(request);
  call->done = std::move(done);
  call->reply.sent_at = clock.now();
  set_deadline(call->context, deadline, call->reply.sent_at);
  calls.began(std::move(owned));
  (async->*method)(&call->context, &call->request, &call->reply.response,
                   [call, &calls](grpc::Status status) {
                     call->reply.status = std::move(status);
                     calls.ended(*call, [call] { call->done(call->reply); });
                   });
}

}  // namespace vipd::etcd
