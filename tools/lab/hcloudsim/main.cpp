// hcloudsim: a stand-in for the Hetzner Cloud API, its metadata service and its network.
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/file.h"
#include "base/log.h"
#include "base/url.h"
#include "tools/lab/hcloudsim/data_plane.h"
#include "tools/lab/hcloudsim/simulator.h"

namespace vipd::hcloudsim {
namespace {

struct Flags {
  std::string listen;
  std::string cert;
  std::string key;
  std::string metadata;
  std::string admin;
  std::string audit;
  std::uint64_t seed = 1;
  bool dataplane = false;
  std::string floating_ip_assigned = "same";
  std::string route = "with";
  std::string ratelimit_scope = "project";
  bool until_eof = false;
};

void declare(CLI::App& app, Flags& flags) {
  app.add_option("--listen", flags.listen, "ADDRESS:PORT of the API")->required();
  auto* cert = app.add_option("--cert", flags.cert, "PEM file; without it the API is plain HTTP");
  app.add_option("--key", flags.key, "PEM file of the key")->needs(cert);
  app.add_option("--metadata", flags.metadata, "ADDRESS:PORT of the metadata service");
  app.add_option("--admin", flags.admin, "unix socket of the admin interface")->required();
  app.add_option("--audit", flags.audit, "file to which the audit log is appended");
  app.add_option("--seed", flags.seed, "of everything that is drawn");
  app.add_flag("--dataplane", flags.dataplane, "keep routes in this network namespace");
  app.add_option("--floating-ip-assigned", flags.floating_ip_assigned)
      ->check(CLI::IsMember({"same", "any", "never"}));
  app.add_option("--route", flags.route)->check(CLI::IsMember({"before", "with", "after"}));
  app.add_option("--ratelimit-scope", flags.ratelimit_scope)
      ->check(CLI::IsMember({"project", "token"}));
  app.add_flag("--until-eof", flags.until_eof, "end when standard input is closed");
}

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

absl::StatusOr<Endpoint> endpoint(const std::string& text) {
  auto url = base::Url::parse("http://" + text);
  if (!url.ok()) return url.status();
  return Endpoint{url->host, url->port};
}

absl::Status start(Simulator& simulator, const Flags& flags) {
  const auto api = endpoint(flags.listen);
  if (!api.ok()) return api.status();
  std::optional<base::TlsServer> tls;
  if (!flags.cert.empty()) {
    auto cert = base::read_file(flags.cert);
    if (!cert.ok()) return cert.status();
    auto key = base::read_file(flags.key);
    if (!key.ok()) return key.status();
    tls = base::TlsServer{*cert, base::Secret(*std::move(key)), ""};
  }
  if (auto port = simulator.listen_api(api->host, api->port, std::move(tls)); !port.ok()) {
    return port.status();
  }
  if (!flags.metadata.empty()) {
    const auto metadata = endpoint(flags.metadata);
    if (!metadata.ok()) return metadata.status();
    const auto port = simulator.listen_metadata(metadata->host, metadata->port);
    if (!port.ok()) return port.status();
  }
  if (!flags.audit.empty()) {
    if (auto status = simulator.write_audit_to(flags.audit); !status.ok()) return status;
  }
  simulator.admin("PUT", "/switches",
                  {{"floating_ip_assigned", flags.floating_ip_assigned},
                   {"route", flags.route},
                   {"ratelimit_scope", flags.ratelimit_scope}});
  return simulator.listen_admin(flags.admin);
}

// Ends the loop when standard input does.
class EofWatch {
 public:
  explicit EofWatch(boost::asio::io_context& loop) : loop_(loop), input_(loop, STDIN_FILENO) {}
  void wait() {
    input_.async_read_some(boost::asio::buffer(ignored_),
                           [this](boost::system::error_code error, std::size_t) {
                             if (error) return loop_.stop();
                             wait();
                           });
  }

 private:
  boost::asio::io_context& loop_;
  boost::asio::posix::stream_descriptor input_;
  std::array<char, 256> ignored_{};
};

int fail(base::Log& log, const absl::Status& status) {
  log.write(base::LogLevel::kError, std::string(status.message()));
  return 2;
}

int run(const Flags& flags) {
  boost::asio::io_context loop;
  const base::SystemClock clock;
  base::Log log(base::LogFormat::kConsole, base::LogLevel::kInfo, clock);
  std::unique_ptr<DataPlane> data_plane;
  if (flags.dataplane) {
    auto opened = DataPlane::open(loop, log);
    if (!opened.ok()) return fail(log, opened.status());
    data_plane = *std::move(opened);
  }
  Simulator simulator(loop, clock, flags.seed, data_plane.get());
  if (auto status = start(simulator, flags); !status.ok()) return fail(log, status);

  boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
  signals.async_wait([&loop](boost::system::error_code, int) { loop.stop(); });
  std::optional<EofWatch> eof;
  if (flags.until_eof) eof.emplace(loop).wait();
  fmt::print("ready\n");
  std::fflush(stdout);
  loop.run();
  return 0;
}

}  // namespace
}  // namespace vipd::hcloudsim

int main(int argc, char** argv) {
  CLI::App app{"A stand-in for the Hetzner Cloud API (see tools/lab/hcloudsim/README.md)"};
  vipd::hcloudsim::Flags flags;
  vipd::hcloudsim::declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  return vipd::hcloudsim::run(flags);
}
