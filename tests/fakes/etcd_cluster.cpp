#include "tests/fakes/etcd_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grpcpp/client_context.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "vipd/etcd/calls.h"
#include "vipd/etcd/failure.h"
#include "vipd/etcd/members.h"
#include "vipd/etcd/quiet.h"

namespace vipd::fakes {
namespace {

using namespace std::chrono_literals;
namespace pb = etcdserverpb;

constexpr auto kStartWithin = 30s;  // a sanitized build on a busy machine

template <class Value>
Value must(absl::StatusOr<Value> value) {
  if (!value.ok()) throw std::runtime_error(std::string(value.status().message()));
  return *std::move(value);
}

void must(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
}

// All ports at once, so that none is given twice.
std::vector<int> free_ports(std::size_t count) {
  std::vector<int> sockets;
  std::vector<int> ports;
  while (ports.size() < count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockets.push_back(socket);
    if (::bind(socket, any, size) != 0 || ::getsockname(socket, any, &size) != 0) break;
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int socket : sockets) ::close(socket);
  if (ports.size() < count) throw std::runtime_error("no free ports on 127.0.0.1");
  return ports;
}

std::string etcd_path() {
  const char* const path = ::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string file = rest.substr(0, end) + "/etcd";
    if (::access(file.c_str(), X_OK) == 0) return file;
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return "";
}

// The child lives no longer than this program, and writes into `log`.
pid_t spawn(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(output);
  if (child < 0) throw std::runtime_error("cannot fork");
  return child;
}

void prepare(grpc::ClientContext& context, base::Instant::duration within) {
  etcd::set_deadline(context, base::Instant() + within, base::Instant());
  context.set_wait_for_ready(true);
}

base::WallTime later(base::WallTime time, std::chrono::seconds by) {
  return {.seconds = time.seconds + by.count()};
}

}  // namespace

bool EtcdCluster::available() { return !etcd_path().empty(); }

EtcdCluster::EtcdCluster(int members, bool running) {
  etcd::keep_grpc_quiet();
  std::string folder = (std::filesystem::temp_directory_path() / "vipd-etcd-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder " + folder);
  folder_ = folder;
  const base::WallTime now = clock_.wall();
  ca_ = must(base::mint_ca("etcd", later(now, -24h), later(now, 24h)));
  server_ = write_files("server", mint_server(24h));
  files_ = write_files("client", mint_client("kube-apiserver", 24h));

  const auto count = static_cast<std::size_t>(members);
  const std::vector<int> ports = free_ports(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    members_.push_back({.client_port = ports[2 * i], .peer_port = ports[2 * i + 1]});
  }
  if (!running) return;
  for (int i = 0; i < members; ++i) start(i);
  for (int i = 0; i < members; ++i) wait_until_serving(i);
}

EtcdCluster::~EtcdCluster() {
  for (std::size_t i = 0; i < members_.size(); ++i) kill(static_cast<int>(i));
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string EtcdCluster::endpoint(int member) const {
  const Member& one = members_.at(static_cast<std::size_t>(member));
  return absl::StrCat("https://127.0.0.1:", one.client_port);
}

std::string EtcdCluster::log_of(int member) const {
  return absl::StrCat(folder_, "/m", member, ".log");
}

std::vector<std::string> EtcdCluster::command_line(int member) const {
  std::string all;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    absl::StrAppend(&all, i == 0 ? "" : ",", "m", i, "=https://127.0.0.1:", members_[i].peer_port);
  }
  const Member& one = members_.at(static_cast<std::size_t>(member));
  const std::string peer = absl::StrCat("https://127.0.0.1:", one.peer_port);
  return {etcd_path(),
          absl::StrCat("--name=m", member),
          absl::StrCat("--data-dir=", folder_, "/m", member),
          "--listen-client-urls=" + endpoint(member),
          "--advertise-client-urls=" + endpoint(member),
          "--listen-peer-urls=" + peer,
          "--initial-advertise-peer-urls=" + peer,
          "--initial-cluster=" + all,
          "--client-cert-auth",
          "--trusted-ca-file=" + server_.ca,
          "--cert-file=" + server_.certificate,
          "--key-file=" + server_.key,
          "--peer-client-cert-auth",
          "--peer-trusted-ca-file=" + server_.ca,
          "--peer-cert-file=" + server_.certificate,
          "--peer-key-file=" + server_.key,
          "--logger=zap"};
}

void EtcdCluster::start(int member) {
  Member& one = members_.at(static_cast<std::size_t>(member));
  if (one.pid == 0) one.pid = spawn(command_line(member), log_of(member));
}

void EtcdCluster::signal(int member, int number) {
  const pid_t pid = members_.at(static_cast<std::size_t>(member)).pid;
  if (pid != 0) ::kill(pid, number);
}

void EtcdCluster::freeze(int member) {
  signal(member, SIGSTOP);
  members_.at(static_cast<std::size_t>(member)).frozen = true;
}

void EtcdCluster::thaw(int member) {
  signal(member, SIGCONT);
  members_.at(static_cast<std::size_t>(member)).frozen = false;
}

void EtcdCluster::kill(int member) {
  Member& one = members_.at(static_cast<std::size_t>(member));
  if (one.pid == 0) return;
  ::kill(one.pid, SIGKILL);
  ::waitpid(one.pid, nullptr, 0);
  one.pid = 0;
  one.frozen = false;
}

void EtcdCluster::fail(int member, const std::string& what) const {
  std::ifstream log(log_of(member));
  const std::string text(std::istreambuf_iterator<char>(log), {});
  throw std::runtime_error(
      absl::StrCat("etcd member ", member, ": ", what, "; the end of its log: ",
                   text.substr(text.size() > 2000 ? text.size() - 2000 : 0)));
}

void EtcdCluster::wait_until_serving(int member) {
  const etcd::Stubs stubs(endpoint(member), must(etcd::read_credentials(files_, clock_.wall())));
  const base::Instant until = clock_.now() + kStartWithin;
  grpc::Status status;
  do {
    // Linearizable: answered only where there is a leader and quorum.
    grpc::ClientContext context;
    prepare(context, 1s);
    pb::RangeRequest request;
    request.set_key("ready?");
    pb::RangeResponse response;
    // Its const is only that of the pointer to the channel.
    status = pb::KV::Stub(stubs.channel).Range(&context, request, &response);
  } while (!status.ok() && clock_.now() < until);
  if (!status.ok()) fail(member, status.error_message());
}

int EtcdCluster::leader() {
  std::vector<std::uint64_t> ids(members_.size());
  const base::Instant until = clock_.now() + kStartWithin;
  while (clock_.now() < until) {
    std::uint64_t leader = 0;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i].pid == 0 || members_[i].frozen) continue;
      etcd::Members asked =
          must(etcd::Members::open(endpoint(static_cast<int>(i)), files_, clock_.wall()));
      const absl::StatusOr<etcd::EndpointStatus> status = asked.status(1s);
      if (!status.ok()) continue;
      ids[i] = status->member;
      leader = status->leader;
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (leader != 0 && ids[i] == leader) return static_cast<int>(i);
    }
  }
  throw std::runtime_error("etcd has no leader among the members that run");
}

etcd::Stubs EtcdCluster::stubs() const {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].pid == 0 || members_[i].frozen) continue;
    return etcd::Stubs(endpoint(static_cast<int>(i)),
                       must(etcd::read_credentials(files_, clock_.wall())));
  }
  throw std::runtime_error("no etcd member runs");
}

std::int64_t EtcdCluster::put(const std::string& key, const std::string& value) {
  grpc::ClientContext context;
  prepare(context, 10s);
  pb::PutRequest request;
  request.set_key(key);
  request.set_value(value);
  pb::PutResponse response;
  const grpc::Status status = pb::KV::Stub(stubs().channel).Put(&context, request, &response);
  must(etcd::to_absl("", status, files_));
  return response.header().revision();
}

void EtcdCluster::compact(std::int64_t revision) {
  grpc::ClientContext context;
  prepare(context, 10s);
  pb::CompactionRequest request;
  request.set_revision(revision);
  request.set_physical(true);
  pb::CompactionResponse response;
  const grpc::Status status = pb::KV::Stub(stubs().channel).Compact(&context, request, &response);
  must(etcd::to_absl("", status, files_));
}

base::KeyPair EtcdCluster::mint_client(const std::string& name,
                                       std::chrono::seconds valid_for) const {
  const base::WallTime now = clock_.wall();
  return must(base::mint_certificate(ca_, {.common_name = name,
                                           .organizations = {},
                                           .dns_names = {},
                                           .ip_addresses = {},
                                           .server = false,
                                           .client = true,
                                           .not_before = later(now, -24h),
                                           .not_after = later(now, valid_for)}));
}

base::KeyPair EtcdCluster::mint_server(std::chrono::seconds valid_for) const {
  const base::WallTime now = clock_.wall();
  return must(base::mint_certificate(ca_, {.common_name = "etcd server",
                                           .organizations = {},
                                           .dns_names = {"localhost"},
                                           .ip_addresses = {"127.0.0.1"},
                                           .server = true,
                                           .client = true,
                                           .not_before = later(now, -24h),
                                           .not_after = later(now, valid_for)}));
}

void EtcdCluster::serve_with_certificate(std::chrono::seconds valid_for) const {
  write_files("server", mint_server(valid_for));
}

etcd::TlsFiles EtcdCluster::write_files(const std::string& name, const base::KeyPair& client,
                                        const std::string& ca_pem) const {
  const std::string stem = absl::StrCat(folder_, "/", name);
  const etcd::TlsFiles files{stem + "-ca.crt", stem + ".crt", stem + ".key"};
  must(base::write_file_atomically(files.ca, ca_pem.empty() ? ca_.certificate_pem : ca_pem));
  must(base::write_file_atomically(files.certificate, client.certificate_pem));
  must(base::write_file_atomically(files.key, client.key_pem.reveal()));
  return files;
}

base::KeyPair EtcdCluster::mint_other_ca(std::chrono::seconds valid_for) {
  const base::WallTime now = base::SystemClock().wall();
  return must(base::mint_ca("another etcd", later(now, -24h), later(now, valid_for)));
}

}  // namespace vipd::fakes
