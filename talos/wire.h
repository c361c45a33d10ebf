// Where gRPC begins: one channel for each endpoint, and the way every call takes through them.
// For talos/*.cpp only; the rest of the tree meets talos/client.h.
//
// Threads  Any. Channels are made when first needed and then shared; the mutex guards only that.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/thread_annotations.h"
#include "talos/client.h"
#include "talos/proto/machine.grpc.pb.h"
#include "talos/proto/state.grpc.pb.h"
#include "talos/refusal.h"

namespace vipd::talos {

struct Stubs {
  Stubs(std::string at, const Context& context);

  std::string endpoint;
  std::shared_ptr<grpc::Channel> channel;
  machine::MachineService::Stub machine;
  cosi::resource::State::Stub state;
};

// One attempt at one endpoint. It may run again with the next, if nothing came of it.
using Exchange = std::function<grpc::Status(Stubs&, grpc::ClientContext&)>;

class Wire {
 public:
  Wire(const base::Clock& clock, Context context);

  absl::Status call(const Method& method, const Target& target, const Exchange& exchange);

  // Of the machine service: one request, one reply with one message in it.
  template <class Request, class Response>
  auto ask(const Method& method, const Target& target,
           grpc::Status (machine::MachineService::Stub::*rpc)(grpc::ClientContext*, const Request&,
                                                              Response*),
           const std::type_identity_t<Request>& request)
      -> absl::StatusOr<std::decay_t<decltype(std::declval<Response>().messages(0))>>;

  // Appends a stream's chunks. OutOfRange where they exceed `limit` bytes.
  template <class Request>
  absl::StatusOr<std::string> collect(
      const Method& method, const Target& target,
      std::unique_ptr<grpc::ClientReader<common::Data>> (machine::MachineService::Stub::*rpc)(
          grpc::ClientContext*, const Request&),
      const std::type_identity_t<Request>& request, std::size_t limit);

  [[nodiscard]] const Identity& identity() const { return identity_; }

 private:
  [[nodiscard]] std::size_t first() const;
  [[nodiscard]] Stubs& stubs(std::size_t endpoint);
  [[nodiscard]] absl::Status attempt(std::size_t endpoint, const Method& method,
                                     const Target& target, const Exchange& exchange,
                                     std::vector<absl::Status>& causes);

  const base::Clock& clock_;
  const Context context_;
  Identity identity_;
  mutable base::Mutex mutex_;
  std::map<std::size_t, std::unique_ptr<Stubs>> stubs_ VIPD_GUARDED_BY(mutex_);
  std::size_t answered_last_ VIPD_GUARDED_BY(mutex_) = 0;
};

// "<method>: <what>", with whom it was asked of.
absl::Status bad_answer(const Method& method, const Target& target, std::string_view what);

template <class Request, class Response>
auto Wire::ask(const Method& method, const Target& target,
               grpc::Status (machine::MachineService::Stub::*rpc)(grpc::ClientContext*,
                                                                  const Request&, Response*),
               const std::type_identity_t<Request>& request)
    -> absl::StatusOr<std::decay_t<decltype(std::declval<Response>().messages(0))>> {
  Response response;
  const absl::Status status =
      call(method, target, [&](Stubs& stubs, grpc::ClientContext& context) {
        return (stubs.machine.*rpc)(&context, request, &response);
      });
  if (!status.ok()) return status;
  if (response.messages_size() != 1) {
    return bad_answer(method, target, "expected one message in the answer");
  }
  if (const std::string& error = response.messages(0).metadata().error(); !error.empty()) {
    return bad_answer(method, target, error);
  }
  return std::move(*response.mutable_messages(0));
}

template <class Request>
absl::StatusOr<std::string> Wire::collect(
    const Method& method, const Target& target,
    std::unique_ptr<grpc::ClientReader<common::Data>> (machine::MachineService::Stub::*rpc)(
        grpc::ClientContext*, const Request&),
    const std::type_identity_t<Request>& request, std::size_t limit) {
  std::string collected;
  std::string error;
  bool too_much = false;
  const absl::Status status =
      call(method, target, [&](Stubs& stubs, grpc::ClientContext& context) {
        const auto reader = (stubs.machine.*rpc)(&context, request);
        common::Data chunk;
        while (reader->Read(&chunk)) {
          if (error.empty()) error = chunk.metadata().error();
          too_much = chunk.bytes().size() > limit - collected.size();
          if (too_much) {
            context.TryCancel();
            break;
          }
          collected += chunk.bytes();
        }
        return reader->Finish();
      });
  if (too_much) {
    return absl::OutOfRangeError(
        bad_answer(method, target, "the answer is larger than expected").message());
  }
  if (!status.ok()) return status;
  if (!error.empty()) return bad_answer(method, target, error);
  return collected;
}

}  // namespace vipd::talos
