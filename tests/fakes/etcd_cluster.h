// A real etcd of one or more members on 127.0.0.1, with mutual TLS as Talos runs it.
//
// Members are child processes; they, their data and the certificates go with this object, and
// the processes with the test program, however it ends.
// Errors  Tests cannot go on without it: std::runtime_error says what failed and shows the log.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/x509.h"
#include "vipd/etcd/channel.h"
#include "vipd/etcd/credentials.h"

namespace vipd::fakes {

class EtcdCluster {
 public:
  // False where no etcd is installed: say so and skip.
  [[nodiscard]] static bool available();

  // `running` false: ports, certificates and folders only; start() brings members up.
  explicit EtcdCluster(int members, bool running = true);
  ~EtcdCluster();
  EtcdCluster(const EtcdCluster&) = delete;
  EtcdCluster& operator=(const EtcdCluster&) = delete;

  [[nodiscard]] std::string endpoint(int member) const;
  [[nodiscard]] etcd::TlsFiles files() const { return files_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

  void freeze(int member);  // SIGSTOP: its connections stay open and silent
  void thaw(int member);
  void kill(int member);    // SIGKILL
  void start(int member);   // again, on the same data; does not wait
  void wait_until_serving(int member);

  // Waits for one; asks only members that run.
  [[nodiscard]] int leader();

  // Of this cluster's CA, valid from a day ago.
  [[nodiscard]] base::KeyPair mint_client(const std::string& name,
                                          std::chrono::seconds valid_for) const;
  // Writes NAME-ca.crt, NAME.crt and NAME.key below folder(), over what is there.
  etcd::TlsFiles write_files(const std::string& name, const base::KeyPair& client,
                             const std::string& ca_pem = "") const;
  [[nodiscard]] static base::KeyPair mint_other_ca(
      std::chrono::seconds valid_for = std::chrono::hours(24));
  // A certificate for the members, of this cluster's CA; they show it to whoever connects next,
  // for etcd reads its files at every handshake.
  void serve_with_certificate(std::chrono::seconds valid_for) const;

  // From outside the code under test; both wait until it is done. put() gives the revision.
  std::int64_t put(const std::string& key, const std::string& value);
  void compact(std::int64_t revision);

 private:
  struct Member {
    int client_port = 0;
    int peer_port = 0;
    pid_t pid = 0;
    bool frozen = false;
  };

  [[nodiscard]] base::KeyPair mint_server(std::chrono::seconds valid_for) const;
  [[nodiscard]] std::vector<std::string> command_line(int member) const;
  [[nodiscard]] std::string log_of(int member) const;
  [[nodiscard]] etcd::Stubs stubs() const;  // of the first member that runs
  void signal(int member, int number);
  void fail(int member, const std::string& what) const;

  base::SystemClock clock_;
  std::string folder_;
  base::KeyPair ca_;
  etcd::TlsFiles server_;
  etcd::TlsFiles files_;
  std::vector<Member> members_;
};

}  // namespace vipd::fakes
