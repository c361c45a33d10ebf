// `apisim`: one stand-in apiserver. Started by the lab.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "base/duration.h"
#include "base/file.h"
#include "tools/lab/apisim/apisim.h"
#include "tools/lab/apisim/control.h"

namespace {

namespace base = vipd::base;
namespace apisim = vipd::apisim;

struct Arguments {
  std::string node, cert, key, client_ca, etcd_ca, etcd_cert, etcd_key, control;
  std::string listen = "::";
  std::uint16_t port = 6443;
  std::string shutdown_delay = "5s";
};

// Reads each file into its place; the first failure.
absl::Status read_all(std::initializer_list<std::pair<std::string, std::string*>> files) {
  for (const auto& [path, place] : files) {
    auto text = base::read_file(path);
    if (!text.ok()) return text.status();
    *place = *std::move(text);
  }
  return absl::OkStatus();
}

int fail(const absl::Status& status) {
  fmt::print(stderr, "apisim: {}\n", std::string(status.message()));
  return 1;
}

int run(const Arguments& arguments) {
  apisim::Options options;
  options.node = arguments.node;
  options.address = arguments.listen;
  options.port = arguments.port;
  base::TlsClient etcd;
  std::string key;
  std::string etcd_key;
  if (auto read = read_all({{arguments.cert, &options.tls.cert_pem},
                            {arguments.key, &key},
                            {arguments.client_ca, &options.tls.client_ca_pem},
                            {arguments.etcd_ca, &etcd.ca_pem},
                            {arguments.etcd_cert, &etcd.cert_pem},
                            {arguments.etcd_key, &etcd_key}});
      !read.ok())
    return fail(read);
  options.tls.key_pem = base::Secret(std::move(key));
  etcd.key_pem = base::Secret(std::move(etcd_key));
  const auto delay = base::parse_duration(arguments.shutdown_delay);
  if (!delay.ok()) return fail(delay.status());
  options.shutdown_delay = *delay;

  const base::SystemClock clock;
  boost::asio::io_context loop;
  apisim::EtcdWatch watch(loop, clock, std::move(etcd));
  apisim::Apisim server(
      loop, std::move(options), [&] { return watch.healthy() ? std::string() : watch.why_not(); },
      [&] { loop.stop(); });
  base::HttpServer control(loop,
                           [&](const base::ServerRequest& request, const base::Respond& done) {
                             done(apisim::control(server, request));
                           });
  if (auto listening = control.listen_unix(arguments.control); !listening.ok())
    return fail(listening);
  if (auto listening = server.start(); !listening.ok()) return fail(listening);
  boost::asio::signal_set term(loop, SIGTERM);
  term.async_wait([&](auto error, int) {
    if (!error) server.shut_down();
  });
  watch.start();
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("A stand-in for kube-apiserver");
  app.add_option("--node", arguments.node, "the name of its Node object")->required();
  app.add_option("--listen", arguments.listen, "address")->capture_default_str();
  app.add_option("--port", arguments.port, "of the API")->capture_default_str();
  app.add_option("--cert", arguments.cert, "PEM file of the serving certificate")->required();
  app.add_option("--key", arguments.key, "PEM file of its key")->required();
  app.add_option("--client-ca", arguments.client_ca, "PEM file: whose clients are let in")
      ->required();
  app.add_option("--etcd-ca", arguments.etcd_ca, "PEM file of the etcd CA")->required();
  app.add_option("--etcd-cert", arguments.etcd_cert, "PEM file of its client certificate")
      ->required();
  app.add_option("--etcd-key", arguments.etcd_key, "PEM file of its key")->required();
  app.add_option("--control", arguments.control, "unix socket")->required();
  app.add_option("--shutdown-delay", arguments.shutdown_delay, "still served after SIGTERM")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  signal(SIGPIPE, SIG_IGN);
  return run(arguments);
}
