#include "tests/talos/fake_machine.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <stdexcept>

#include "absl/strings/match.h"
#include "base/url.h"

namespace vipd::talos {
namespace {

using google::protobuf::Empty;
using grpc::ServerContext;
using grpc::Status;
using Data = grpc::ServerWriter<common::Data>;

// facts/talos.md 4.3; reading a sensitive resource is checked where it is read.
bool allowed(const std::string& method, const std::vector<std::string>& roles) {
  const auto has = [&](const char* role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  };
  if (has("os:admin")) return true;
  for (const char* reserved : {"Kubeconfig", "GenerateClientConfiguration", "ApplyConfiguration",
                               "EtcdForfeitLeadership", "Read", "sensitive"}) {
    if (method == reserved) return false;
  }
  return has("os:reader") || has("os:operator") ||
         (has("os:etcd:backup") && absl::StartsWith(method, "Etcd"));
}

std::vector<std::string> roles_of(const ServerContext& context) {
  const auto shown =
      context.auth_context()->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (shown.empty()) return {};
  const auto certificate = base::read_certificate({shown[0].data(), shown[0].size()});
  return certificate.ok() ? certificate->organizations : std::vector<std::string>();
}

// A handler that blocks can only ask, again and again, whether its client is still there.
Status wait_for_the_end(const ServerContext& context) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  while (!context.IsCancelled()) never.wait_for(lock, std::chrono::milliseconds(5));
  return Status::CANCELLED;
}

}  // namespace

class FakeMachine::Machine final : public machine::MachineService::Service {
 public:
  explicit Machine(FakeMachine& fake) : fake_(fake) {}

 private:
  template <class Response, class Fill>
  Status answer(ServerContext* context, const char* method, Response* response, Fill fill) {
    Status status = fake_.admit(*context, method);
    for (int i = 0; status.ok() && i < fake_.messages; ++i) fill(*response->add_messages());
    return status;
  }
  Status stream(ServerContext* context, const char* method, Data* writer) {
    Status status = fake_.admit(*context, method);
    for (std::size_t i = 0; status.ok() && i < fake_.chunks.size(); ++i) {
      common::Data data;
      data.set_bytes(fake_.chunks[i]);
      if (!writer->Write(data)) break;
    }
    if (status.ok() && !fake_.chunk_error.empty()) {
      common::Data data;
      data.mutable_metadata()->set_error(fake_.chunk_error);
      writer->Write(data);
    }
    return status;
  }

  Status Version(ServerContext* context, const Empty*, machine::VersionResponse* out) override {
    return answer(context, "Version", out, [](machine::Version& version) {
      version.mutable_version()->set_tag("v1.13.9");
      version.mutable_version()->set_sha("3ebd10a7");
      version.mutable_version()->set_arch("amd64");
      version.mutable_platform()->set_name("hcloud");
      version.mutable_features()->set_rbac(true);
    });
  }
  Status Hostname(ServerContext* context, const Empty*, machine::HostnameResponse* out) override {
    return answer(context, "Hostname", out,
                  [](machine::Hostname& name) { name.set_hostname("cp-1"); });
  }
  Status ServiceList(ServerContext* context, const Empty*,
                     machine::ServiceListResponse* out) override {
    return answer(context, "ServiceList", out, [](machine::ServiceList& list) {
      machine::ServiceInfo& etcd = *list.add_services();
      etcd.set_id("etcd");
      etcd.set_state("Running");
      etcd.mutable_health()->set_healthy(true);
      etcd.mutable_health()->set_last_message("fine");
      machine::ServiceInfo& kubelet = *list.add_services();
      kubelet.set_id("kubelet");
      kubelet.set_state("Preparing");
      kubelet.mutable_health()->set_unknown(true);
    });
  }
  Status EtcdMemberList(ServerContext* context, const machine::EtcdMemberListRequest*,
                        machine::EtcdMemberListResponse* out) override {
    return answer(context, "EtcdMemberList", out, [](machine::EtcdMembers& members) {
      machine::EtcdMember& member = *members.add_members();
      member.set_id(0xfedcba9876543210);
      member.set_hostname("cp-1");
      member.add_peer_urls("https://10.0.0.2:2380");
      member.add_client_urls("https://10.0.0.2:2379");
      member.set_is_learner(true);
    });
  }
  Status EtcdStatus(ServerContext* context, const Empty*,
                    machine::EtcdStatusResponse* out) override {
    return answer(context, "EtcdStatus", out, [](machine::EtcdStatus& etcd) {
      machine::EtcdMemberStatus& status = *etcd.mutable_member_status();
      status.set_member_id(0xfedcba9876543210);
      status.set_leader(7);
      status.set_protocol_version("3.6.5");
      status.set_db_size(4096);
      status.set_db_size_in_use(2048);
      status.set_raft_index(12);
      status.set_raft_applied_index(11);
      status.set_raft_term(3);
      status.add_errors("NOSPACE");
    });
  }
  Status EtcdAlarmList(ServerContext* context, const Empty*,
                       machine::EtcdAlarmListResponse* out) override {
    return answer(context, "EtcdAlarmList", out, [](machine::EtcdAlarm& alarms) {
      alarms.add_member_alarms()->set_alarm(machine::EtcdMemberAlarm::NOSPACE);
      alarms.mutable_member_alarms(0)->set_member_id(7);
      alarms.add_member_alarms()->set_alarm(machine::EtcdMemberAlarm::CORRUPT);
    });
  }
  Status EtcdForfeitLeadership(ServerContext* context,
                               const machine::EtcdForfeitLeadershipRequest*,
                               machine::EtcdForfeitLeadershipResponse* out) override {
    return answer(context, "EtcdForfeitLeadership", out,
                  [](machine::EtcdForfeitLeadership& reply) { reply.set_member("cp-2"); });
  }
  Status GenerateClientConfiguration(ServerContext* context,
                                     const machine::GenerateClientConfigurationRequest* request,
                                     machine::GenerateClientConfigurationResponse* out) override {
    return answer(context, "GenerateClientConfiguration", out,
                  [&](machine::GenerateClientConfiguration& reply) {
                    reply.set_ca("ca");
                    reply.set_crt("crt for " + request->roles(0));
                    reply.set_key(std::to_string(request->crt_ttl().seconds()) + " s");
                    reply.set_talosconfig("contexts: {}");
                  });
  }
  Status ApplyConfiguration(ServerContext* context,
                            const machine::ApplyConfigurationRequest* request,
                            machine::ApplyConfigurationResponse* out) override {
    {
      const std::lock_guard lock(fake_.mutex_);
      fake_.applied_ = *request;
    }
    return answer(context, "ApplyConfiguration", out, [](machine::ApplyConfiguration& reply) {
      reply.set_mode(machine::ApplyConfigurationRequest::NO_REBOOT);
      reply.set_mode_details("Applied configuration without a reboot");
      reply.add_warnings("mind the gap");
    });
  }
  Status Kubeconfig(ServerContext* context, const Empty*, Data* writer) override {
    return stream(context, "Kubeconfig", writer);
  }
  Status Read(ServerContext* context, const machine::ReadRequest*, Data* writer) override {
    return stream(context, "Read", writer);
  }
  Status Logs(ServerContext* context, const machine::LogsRequest* request, Data* writer) override {
    common::Data head;
    head.set_bytes(request->namespace_() + " " + request->id() + " " +
                   std::to_string(request->driver()) + " " +
                   std::to_string(request->tail_lines()) + "\n");
    writer->Write(head);
    return stream(context, "Logs", writer);
  }

  FakeMachine& fake_;
};

class FakeMachine::State final : public cosi::resource::State::Service {
 public:
  explicit State(FakeMachine& fake) : fake_(fake) {}

 private:
  Status admit(ServerContext* context, const char* method, const std::string& type) {
    const bool sensitive = absl::StartsWith(type, "MachineConfigs.") ||
                           absl::EndsWith(type, ".secrets.talos.dev");
    if (sensitive && !allowed("sensitive", roles_of(*context))) {
      return {grpc::StatusCode::PERMISSION_DENIED, "access to sensitive resource is denied"};
    }
    return fake_.admit(*context, method);
  }

  Status Get(ServerContext* context, const cosi::resource::GetRequest* request,
             cosi::resource::GetResponse* out) override {
    if (Status status = admit(context, "Get", request->type()); !status.ok()) return status;
    const auto found = fake_.resources.find(request->namespace_() + "/" + request->type() + "/" +
                                            request->id());
    if (found == fake_.resources.end()) {
      return {grpc::StatusCode::NOT_FOUND, "resource doesn't exist"};
    }
    *out->mutable_resource() = found->second;
    return Status::OK;
  }
  Status List(ServerContext* context, const cosi::resource::ListRequest* request,
              grpc::ServerWriter<cosi::resource::ListResponse>* writer) override {
    if (Status status = admit(context, "List", request->type()); !status.ok()) return status;
    const std::string prefix = request->namespace_() + "/" + request->type() + "/";
    for (const auto& [path, resource] : fake_.resources) {
      if (!absl::StartsWith(path, prefix)) continue;
      cosi::resource::ListResponse response;
      *response.mutable_resource() = resource;
      writer->Write(response);
    }
    return Status::OK;
  }
  Status Watch(ServerContext* context, const cosi::resource::WatchRequest* request,
               grpc::ServerWriter<cosi::resource::WatchResponse>* writer) override {
    if (Status status = admit(context, "Watch", request->type()); !status.ok()) return status;
    if (request->api_version() != 1 ||
        request->options().bootstrap_contents() == request->has_id()) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "bootstrap is for all of a type"};
    }
    for (const cosi::resource::Event& event : fake_.events) {
      cosi::resource::WatchResponse response;
      *response.add_event() = event;
      writer->Write(response);
    }
    return wait_for_the_end(*context);
  }

  FakeMachine& fake_;
};

FakeMachine::FakeMachine(const base::KeyPair& server, const std::string& trusted_ca_pem,
                         const std::string& address)
    : machine_(std::make_unique<Machine>(*this)), state_(std::make_unique<State>(*this)) {
  grpc::SslServerCredentialsOptions tls(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = trusted_ca_pem;
  tls.pem_key_cert_pairs.push_back(
      {std::string(server.key_pem.reveal()), server.certificate_pem});
  grpc::ServerBuilder builder;
  int port = 0;
  builder.SetMaxReceiveMessageSize(32 << 20);
  builder.AddListeningPort(base::host_and_port(address, 0), grpc::SslServerCredentials(tls),
                           &port);
  builder.RegisterService(machine_.get());
  builder.RegisterService(state_.get());
  server_ = builder.BuildAndStart();
  if (!server_ || port == 0) throw std::runtime_error("cannot serve on " + address);
  endpoint_ = base::host_and_port(address, static_cast<std::uint16_t>(port));
}

FakeMachine::~FakeMachine() { server_->Shutdown(std::chrono::system_clock::now()); }

std::vector<Seen> FakeMachine::seen() {
  const std::lock_guard lock(mutex_);
  return seen_;
}

machine::ApplyConfigurationRequest FakeMachine::applied() {
  const std::lock_guard lock(mutex_);
  return applied_;
}

Status FakeMachine::admit(ServerContext& context, const std::string& method) {
  Seen call;
  call.method = method;
  for (const auto& [key, value] : context.client_metadata()) {
    if (key == "node") call.node = std::string(value.data(), value.size());
    if (key == "nodes") call.has_nodes = true;
  }
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(call);
  }
  if (!allowed(method, roles_of(context))) {
    return {grpc::StatusCode::PERMISSION_DENIED, "not authorized"};
  }
  if (judge) {
    if (Status status = judge(call); !status.ok()) return status;
  }
  if (method == hanging_) return wait_for_the_end(context);
  return Status::OK;
}

}  // namespace vipd::talos
