// A node's machine API on 127.0.0.1 or ::1: gRPC over mTLS, roles checked, every call recorded.
//
// It answers what its public members say; change those between calls only. `judge` sees every
// call first, and its refusal is the answer.
// Threads  Calls come on gRPC's threads; the record is behind a mutex.
#pragma once

#include <grpcpp/server.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/x509.h"
#include "talos/proto/machine.grpc.pb.h"
#include "talos/proto/specs.pb.h"
#include "talos/proto/state.grpc.pb.h"

namespace vipd::talos {

struct Seen {
  std::string method;
  std::string node;
  bool has_nodes = false;
};

class FakeMachine {
 public:
  // `trusted_ca_pem`: who may sign clients.
  FakeMachine(const base::KeyPair& server, const std::string& trusted_ca_pem,
              const std::string& address = "127.0.0.1");
  ~FakeMachine();
  FakeMachine(const FakeMachine&) = delete;
  FakeMachine& operator=(const FakeMachine&) = delete;

  [[nodiscard]] std::string endpoint() const { return endpoint_; }
  [[nodiscard]] std::vector<Seen> seen();
  [[nodiscard]] machine::ApplyConfigurationRequest applied();
  // A call of this method does not return until the client has given up.
  void hang(const std::string& method) { hanging_ = method; }

  std::function<grpc::Status(const Seen&)> judge;
  std::vector<std::string> chunks;  // of every stream of data
  std::string chunk_error;
  int messages = 1;  // in every unary answer
  std::map<std::string, cosi::resource::Resource> resources;  // by "namespace/type/id"
  std::vector<cosi::resource::Event> events;                  // a watch's, then it stays open

 private:
  class Machine;
  class State;
  grpc::Status admit(grpc::ServerContext& context, const std::string& method);

  std::string endpoint_;
  std::string hanging_;
  std::mutex mutex_;
  std::vector<Seen> seen_;
  machine::ApplyConfigurationRequest applied_;
  std::unique_ptr<Machine> machine_;
  std::unique_ptr<State> state_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace vipd::talos
