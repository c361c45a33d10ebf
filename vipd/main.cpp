// vipd: the one place that names concrete classes and wires them.
#include <sys/random.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/clock.h"
#include "base/commit.h"
#include "base/log.h"
#include "vipd/etcd/adapter.h"
#include "vipd/hcloud/adapter.h"
#include "vipd/metrics/text.h"
#include "vipd/netlink/adapter.h"
#include "vipd/probe/adapter.h"
#include "vipd/shell/board.h"
#include "vipd/shell/cli.h"
#include "vipd/shell/control_server.h"
#include "vipd/shell/crash_dump.h"
#include "vipd/shell/hands.h"
#include "vipd/shell/health_server.h"
#include "vipd/shell/instance_lock.h"
#include "vipd/shell/journal.h"
#include "vipd/shell/loop.h"
#include "vipd/shell/machine.h"
#include "vipd/shell/publisher.h"
#include "vipd/shell/settings.h"
#include "vipd/shell/status_file.h"
#include "vipd/shell/voice.h"

namespace vipd {
namespace {

using boost::asio::io_context;

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  // Before the kernel's pool is ready it blocks; 8 bytes come whole or, interrupted, not at all.
  while (::getrandom(&seed, sizeof seed, 0) != sizeof seed) {
  }
  return seed;
}

etcd::Options etcd_options(const shell::Settings& settings) {
  return {.endpoints = settings.etcd.endpoints,
          .files = {.ca = settings.etcd.ca,
                    .certificate = settings.etcd.cert,
                    .key = settings.etcd.key},
          .prefix = settings.core.prefix()};
}

hcloud::Options hcloud_options(const shell::Settings& settings) {
  return {.endpoint = settings.hcloud.endpoint,
          .ca_file = settings.hcloud.ca_file,
          .token_file = settings.hcloud.token_file,
          .metadata_endpoint = settings.metadata.endpoint,
          .user_agent = std::string("vipd/") + VIPD_VERSION};
}

probe::Options probe_options(const shell::Settings& settings) {
  return {.port = settings.apiserver.port,
          .credentials = {.ca_file = settings.apiserver.ca,
                          .cert_file = settings.apiserver.cert,
                          .key_file = settings.apiserver.key}};
}

base::Json requests_json(const hcloud::Counters& counters) {
  base::Json list = base::Json::array();
  for (const auto& [request, count] : counters.requests) {
    list.push_back({{"method", request.first}, {"code", request.second}, {"count", count}});
  }
  return list;
}

struct Door {
  io_context& io;
  void carry_out(const core::Exit&) { io.stop(); }
};

// Everything behind the lock: made when this process is the only vipd of the node.
class Daemon {
 public:
  Daemon(io_context& io, const base::Clock& clock, base::Log& log,
         const shell::Settings& settings);
  void start();
  void post(core::Event event) { loop_.post(std::move(event)); }

 private:
  [[nodiscard]] std::function<void(core::Event)> poster() {
    return [this](core::Event event) { post(std::move(event)); };
  }

  shell::Journal journal_;
  shell::CrashDump crash_dump_;
  shell::CoreMachine machine_;
  shell::Board board_;
  shell::Publisher publisher_;
  shell::Loop loop_;
  etcd::Adapter etcd_;
  hcloud::Adapter hcloud_;
  netlink::Adapter netlink_;
  probe::Adapter probe_;
  shell::ControlServer control_;
  std::optional<shell::HealthServer> health_;
  shell::StatusFile status_file_;
  shell::Voice voice_;
  Door door_;
};

Daemon::Daemon(io_context& io, const base::Clock& clock, base::Log& log,
               const shell::Settings& settings)
    : journal_(shell::Journal::kUsual),
      crash_dump_(journal_, settings.state_dir + "/journal.crash"),
      machine_(settings.core,
               core::first_state(random_seed(), core::Now{clock.now(), clock.wall()}), journal_),
      publisher_(machine_, board_),
      loop_(io, clock, log, machine_),
      etcd_(io, clock, log, etcd_options(settings), poster()),
      hcloud_(io, clock, log, hcloud_options(settings), poster()),
      netlink_(io, clock, log, {}, poster()),
      probe_(io, clock, log, probe_options(settings), poster()),
      control_(io, log, settings.socket,
               {.status = [this] { return publisher_.refresh(loop_.now()); },
                .journal = [this] { return journal_.text(); }},
               poster()),
      status_file_(board_, log, settings.state_dir + "/status.json"),
      voice_(log),
      door_{io} {
  publisher_.on_change([this] { control_.changed(); });
  publisher_.add([this](base::Json& status) {
    status["commit"] = base::commit();
    status["hcloud"]["requests"] = requests_json(hcloud_.counters());
  });
  board_.beat(clock.now());
  if (settings.listen.empty()) return;
  const auto listen = shell::parse_listen(settings.listen);  // checked with the settings
  if (!listen.ok()) return;
  health_.emplace(clock, log, board_,
                  shell::MetricsPage{metrics::kContentType, metrics::metrics_text},
                  listen->address, listen->port);
}

void Daemon::start() {
  const shell::Hands hands(etcd_, hcloud_, netlink_, probe_, control_, voice_, door_);
  loop_.start(hands, [this](core::Now now) { publisher_.turned(now); });
  control_.start();
  if (health_) health_->start();
  netlink_.start();
  probe_.start();
  hcloud_.start();
  etcd_.start();
}

// The first signal is the core's to answer (rule E18); whoever sends a second will not wait.
void on_signals(boost::asio::signal_set& signals, base::Log& log, std::function<void()> first) {
  signals.async_wait([&, first](boost::system::error_code cancelled, int) {
    if (cancelled) return;
    signals.async_wait([&log](boost::system::error_code none, int) {
      if (none) return;
      log.write(base::LogLevel::kWarn, "second signal: leaving at once");
      std::_Exit(EXIT_FAILURE);
    });
    first();
  });
}

int run(const shell::Settings& settings, const base::Clock& clock) {
  base::Log log(settings.log.format, settings.log.level, clock);
  log.write(base::LogLevel::kInfo, "vipd starts",
            {{"version", VIPD_VERSION}, {"commit", std::string(base::commit())},
             {"cluster", settings.core.cluster}, {"group", settings.core.group}});
  io_context io(1);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  shell::InstanceLock lock(io, log, settings.state_dir);
  std::optional<Daemon> daemon;
  on_signals(signals, log, [&] {
    if (daemon) {
      daemon->post(core::TermSignal{});
    } else {
      io.stop();
    }
  });
  lock.acquire([&] {
    daemon.emplace(io, clock, log, settings);
    daemon->start();
  });
  io.run();
  log.write(base::LogLevel::kInfo, "vipd ends");
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace vipd

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const vipd::base::SystemClock clock;
  const vipd::shell::Surroundings around{.environment = environ,
                                         .clock = clock,
                                         .out = std::cout,
                                         .err = std::cerr,
                                         .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
                                         .commit = vipd::base::commit()};
  return vipd::shell::run_cli(argc, argv, around, [&](const vipd::shell::Settings& settings) {
    return vipd::run(settings, clock);
  });
}
