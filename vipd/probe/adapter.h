// Asks kube-apiservers how they are: the local one and those of other control-plane nodes.
//
// Commands ProbeReadyz   -> ReadyzAnswer, ProbeTls -> TlsAnswer, ProbeCertificate ->
//          CertificateSeen, ReadOwnNode -> OwnNode; each answered once, by its deadline at the
//          latest, with the moment it left.
// Trust    /readyz and the Node object: the server must show a certificate of our CA that names
//          the target. The two handshakes look at life and at the SANs, so they verify nothing.
// Costs    A connection of its own per question. A handshake sends no request: no audit line,
//          no authentication, no etcd behind it.
// Threads  Loop thread only. Answers are posted from the loop, never from within a command,
//          and not after the Adapter is destroyed.
#pragma once

#include <cstdint>
#include <functional>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/log.h"
#include "vipd/core/command.h"
#include "vipd/core/event.h"
#include "vipd/probe/credentials.h"

namespace vipd::probe {

struct Options {
  std::uint16_t port = 6443;  // of kube-apiserver on every control-plane node
  CredentialFiles credentials;
};

class Adapter {
 public:
  Adapter(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log, Options options,
        std::function<void(core::Event)> post);

  void start();
  void carry_out(const core::ProbeReadyz& command);
  void carry_out(const core::ProbeTls& command);
  void carry_out(const core::ProbeCertificate& command);
  void carry_out(const core::ReadOwnNode& command);

 private:
  // The trusted set, newly read; a new reason why it is not as configured is logged once.
  const base::TlsClient& trusted();
  base::HttpRequest request(const base::IpAddress& target, const std::string& path,
                            base::Instant deadline);

  const base::Clock& clock_;
  base::Log& log_;
  const std::uint16_t port_;
  const std::function<void(core::Event)> post_;
  Credentials credentials_;
  std::string logged_problem_;
  base::HttpClient client_;  // last: its exchanges end before what they use
};

}  // namespace vipd::probe
