// A two-way gRPC stream for the loop: send() and two handlers; destroying it ends it.
//
// Threads  The loop's, handlers included. Inside, gRPC's threads call the Reactor, which Calls
//          owns until gRPC is done with it; a mutex keeps writes in order.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "base/thread_annotations.h"
#include "vipd/etcd/calls.h"

namespace vipd::etcd {

template <class Request, class Response>
class Stream {
 public:
  struct Handlers {
    std::function<void(const Response&)> got;
    std::function<void(const grpc::Status&)> ended;  // the last one called
  };

  // `begin(context, reactor)` may add metadata and calls the stub's method.
  template <class Begin>
  Stream(Calls& calls, Handlers handlers, Begin begin)
      : line_(std::make_shared<Line>(Line{std::move(handlers), nullptr})) {
    auto owned = std::make_unique<Reactor>(calls, line_);
    line_->reactor = owned.get();
    calls.began(std::move(owned));
    begin(&line_->reactor->context, line_->reactor);
    line_->reactor->start();
  }
  ~Stream() {
    if (line_->reactor != nullptr) line_->reactor->close();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Sent in order; lost where the stream has ended, which `ended` says.
  void send(Request request) {
    if (line_->reactor != nullptr) line_->reactor->send(std::move(request));
  }

 private:
  class Reactor;
  struct Line {  // between the two ends; used by the loop only
    Handlers handlers;
    Reactor* reactor;
  };

  std::shared_ptr<Line> line_;
};

template <class Request, class Response>
class Stream<Request, Response>::Reactor final : public Call,
                                                 public grpc::ClientBidiReactor<Request, Response> {
 public:
  Reactor(Calls& calls, std::weak_ptr<Line> line) : calls_(calls), line_(std::move(line)) {}
  ~Reactor() override {
    if (const auto line = line_.lock()) line->reactor = nullptr;
  }

  void start() {
    this->AddHold();  // send() writes from outside gRPC's callbacks
    this->StartRead(&response_);
    this->StartCall();
  }

  void send(Request request) {
    const base::MutexLock lock(mutex_);
    if (released_) return;
    unsent_.push_back(std::move(request));
    if (unsent_.size() == 1) this->StartWrite(&unsent_.front());
  }

  void close() {
    context.TryCancel();
    release();
  }

  void OnWriteDone(bool ok) override {
    const base::MutexLock lock(mutex_);
    unsent_.pop_front();
    // After a failed write the pending read fails too, and ends the stream.
    if (ok && !unsent_.empty()) this->StartWrite(&unsent_.front());
  }

  void OnReadDone(bool ok) override {
    if (!ok) return release();
    calls_.on_loop([weak = line_, response = std::move(response_)] {
      if (const auto line = weak.lock()) line->handlers.got(response);
    });
    response_ = Response();
    this->StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    calls_.ended(*this, [weak = line_, status] {
      if (const auto line = weak.lock()) line->handlers.ended(status);
    });
  }

 private:
  // Nothing is written any more, so gRPC may call OnDone.
  void release() {
    {
      const base::MutexLock lock(mutex_);
      if (std::exchange(released_, true)) return;
    }
    this->RemoveHold();
  }

  Calls& calls_;
  const std::weak_ptr<Line> line_;
  Response response_;
  base::Mutex mutex_;
  bool released_ VIPD_GUARDED_BY(mutex_) = false;
  std::deque<Request> unsent_ VIPD_GUARDED_BY(mutex_);  // the front is being written
};

}  // namespace vipd::etcd
