// `prober`: measures one Floating IP from outside. Started by the lab.
//
// Its unix socket: GET /summary, POST /stop (answers with the last summary). SIGTERM prints the
// summary and ends it.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "base/duration.h"
#include "base/file.h"
#include "base/http_server.h"
#include "base/ip.h"
#include "tools/lab/prober/prober.h"

namespace {

namespace base = vipd::base;
namespace prober = vipd::prober;

struct Arguments {
  std::string address, every = "10ms", ca, cert, key, results, control;
  std::uint16_t port = 6443;
};

absl::StatusOr<prober::Options> options_from(const Arguments& arguments) {
  prober::Options options;
  const auto address = base::IpAddress::parse(arguments.address);
  if (!address.ok()) return address.status();
  const bool v6 = address->family == base::Family::kV6;
  const std::string host = v6 ? fmt::format("[{}]", address->text()) : address->text();
  options.url = fmt::format("https://{}:{}/readyz", host, arguments.port);
  const auto every = base::parse_duration(arguments.every);
  if (!every.ok()) return every.status();
  if (every->count() <= 0) return absl::InvalidArgumentError("--every must be over 0");
  options.every = *every;
  options.results = arguments.results;
  std::string key;
  for (const auto& [path, place] :
       {std::pair{arguments.ca, &options.tls.ca_pem},
        std::pair{arguments.cert, &options.tls.cert_pem}, std::pair{arguments.key, &key}}) {
    auto text = base::read_file(path);
    if (!text.ok()) return text.status();
    *place = *std::move(text);
  }
  options.tls.key_pem = base::Secret(std::move(key));
  return options;
}

base::ServerResponse json_response(const base::Json& body) {
  return {.headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

int run(const Arguments& arguments) {
  auto options = options_from(arguments);
  if (!options.ok()) {
    fmt::print(stderr, "prober: {}\n", std::string(options.status().message()));
    return 2;
  }
  const base::SystemClock clock;
  boost::asio::io_context loop;
  prober::Prober probing(loop, clock, *std::move(options));
  base::HttpServer control(loop, [&](const base::ServerRequest& request, base::Respond respond) {
    if (request.target == "/stop")
      return probing.stop(
          [respond](const base::Json& summary) { respond(json_response(summary)); });
    respond(json_response(probing.summary()));
  });
  absl::Status begun = control.listen_unix(arguments.control);
  if (begun.ok()) begun = probing.start();
  if (!begun.ok()) {
    fmt::print(stderr, "prober: {}\n", std::string(begun.message()));
    return 1;
  }
  boost::asio::signal_set term(loop, SIGTERM);
  term.async_wait([&](auto error, int) {
    if (error) return;
    probing.stop([&](const base::Json& summary) {
      fmt::print("{}\n", summary.dump());
      loop.stop();
    });
  });
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Opens connections to a Floating IP and counts what happens");
  app.add_option("--address", arguments.address, "of the Floating IP")->required();
  app.add_option("--port", arguments.port, "of the apiserver")->capture_default_str();
  app.add_option("--every", arguments.every, "between two connections")->capture_default_str();
  app.add_option("--ca", arguments.ca, "PEM file: whose certificates are trusted")->required();
  app.add_option("--cert", arguments.cert, "client certificate")->required();
  app.add_option("--key", arguments.key, "PEM file of its key")->required();
  app.add_option("--results", arguments.results, "NDJSON file")->required();
  app.add_option("--control", arguments.control, "unix socket")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  signal(SIGPIPE, SIG_IGN);
  return run(arguments);
}
