#include "tools/lab/hcloudsim/data_plane.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

namespace vipd::hcloudsim {
namespace {

using Socket = std::unique_ptr<nl_sock, decltype(&nl_socket_free)>;
using Address = std::unique_ptr<nl_addr, decltype(&nl_addr_put)>;
using Route = std::unique_ptr<rtnl_route, decltype(&rtnl_route_put)>;

int family_of(const base::IpAddress& address) {
  return address.family == base::Family::kV4 ? AF_INET : AF_INET6;
}

Address native(const base::IpAddress& address, int length) {
  const std::size_t size = address.family == base::Family::kV4 ? 4 : 16;
  Address made(nl_addr_build(family_of(address), address.bytes.data(), size), &nl_addr_put);
  if (made) nl_addr_set_prefixlen(made.get(), length);
  return made;
}

Route route_to(const FipRoute& wanted) {
  Route route(rtnl_route_alloc(), &rtnl_route_put);
  const Address target = native(wanted.prefix.address, wanted.prefix.length);
  rtnl_route_set_family(route.get(), static_cast<std::uint8_t>(family_of(wanted.prefix.address)));
  rtnl_route_set_table(route.get(), RT_TABLE_MAIN);
  rtnl_route_set_protocol(route.get(), RTPROT_STATIC);
  rtnl_route_set_scope(route.get(), RT_SCOPE_UNIVERSE);
  rtnl_route_set_type(route.get(), wanted.link.empty() ? RTN_BLACKHOLE : RTN_UNICAST);
  rtnl_route_set_dst(route.get(), target.get());
  if (wanted.link.empty()) return route;
  rtnl_nexthop* hop = rtnl_route_nh_alloc();  // the route owns it from here on
  rtnl_route_nh_set_ifindex(hop, static_cast<int>(if_nametoindex(wanted.link.c_str())));
  if (wanted.via) {
    const Address gateway = native(*wanted.via, wanted.via->family == base::Family::kV4 ? 32 : 128);
    rtnl_route_nh_set_gateway(hop, gateway.get());
    rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
  }
  rtnl_route_add_nexthop(route.get(), hop);
  return route;
}

bool is_up(const std::string& link) {
  ifreq request{};
  link.copy(request.ifr_name, IFNAMSIZ - 1);
  const int any_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool found = ioctl(any_socket, SIOCGIFFLAGS, &request) == 0;
  close(any_socket);
  return found && (request.ifr_flags & IFF_UP) != 0;
}

std::string text_of(const FipRoute& route) {
  const std::string prefix = route.prefix.text();
  if (route.link.empty()) return fmt::format("blackhole {}", prefix);
  return fmt::format("{} via {} dev {}", prefix, route.via ? route.via->text() : "-", route.link);
}

}  // namespace

class DataPlane::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& loop, base::Log& log)
      : log_(log), routes_(nl_socket_alloc(), &nl_socket_free),
        links_(nl_socket_alloc(), &nl_socket_free), readable_(loop) {}

  ~Impl() {
    if (readable_.is_open()) readable_.release();  // libnl closes it
  }

  absl::Status open() {
    int error = nl_connect(routes_.get(), NETLINK_ROUTE);
    if (error >= 0) error = nl_connect(links_.get(), NETLINK_ROUTE);
    if (error >= 0) error = nl_socket_add_membership(links_.get(), RTNLGRP_LINK);
    if (error >= 0) error = nl_socket_set_nonblocking(links_.get());
    if (error < 0) {
      return absl::UnavailableError(
          fmt::format("no rtnetlink socket for the data plane: {}", nl_geterror(error)));
    }
    readable_.assign(nl_socket_get_fd(links_.get()));
    return absl::OkStatus();
  }

  void watch_links() {
    readable_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [weak = weak_from_this()](boost::system::error_code error) {
                           const auto self = weak.lock();
                           if (error || !self) return;
                           self->drain();
                           self->set_all();
                           self->watch_links();
                         });
  }

  void sync(const std::vector<FipRoute>& wanted) {
    for (const FipRoute& old : std::exchange(wanted_, wanted)) {
      const bool gone = std::none_of(wanted.begin(), wanted.end(), [&](const FipRoute& each) {
        return each.prefix == old.prefix;
      });
      if (gone) remove(old);
    }
    set_all();
  }

 private:
  // What the events say does not matter: every route is set again. An overrun is an event too.
  void drain() {
    char buffer[16384];
    while (true) {
      const auto got = recv(readable_.native_handle(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0 && errno != ENOBUFS) return;
    }
  }

  void set_all() {
    for (const FipRoute& each : wanted_) set(each);
  }

  void set(const FipRoute& wanted) {
    const bool link_up = wanted.link.empty() || is_up(wanted.link);
    const FipRoute nowhere{wanted.prefix, "", std::nullopt};
    std::string problem = replace(link_up ? wanted : nowhere);
    if (link_up && !wanted.link.empty() && !problem.empty()) problem += replace(nowhere);
    const std::string now = text_of(link_up && problem.empty() ? wanted : nowhere);
    std::string news = now + problem;
    if (std::exchange(told_[wanted.prefix], news) == news) return;
    if (!problem.empty()) {
      log_.write(base::LogLevel::kError, "route cannot be set: packets go nowhere",
                 {{"wanted", text_of(wanted)}, {"problem", problem}});
    } else if (!link_up) {
      log_.write(base::LogLevel::kWarn, "link is missing or down: packets go nowhere",
                 {{"wanted", text_of(wanted)}});
    } else {
      log_.write(base::LogLevel::kInfo, "route set", {{"route", now}});
    }
  }

  // Why not; empty where it is set.
  std::string replace(const FipRoute& wanted) {
    const Route route = route_to(wanted);
    const int error = rtnl_route_add(routes_.get(), route.get(), NLM_F_CREATE | NLM_F_REPLACE);
    return error < 0 ? nl_geterror(error) : "";
  }

  void remove(const FipRoute& old) {
    told_.erase(old.prefix);
    Route route = route_to({old.prefix, "", std::nullopt});
    rtnl_route_set_type(route.get(), RTN_UNSPEC);  // whichever stands there
    const int error = rtnl_route_delete(routes_.get(), route.get(), 0);
    const bool good = error >= 0 || error == -NLE_OBJ_NOTFOUND;
    log_.write(good ? base::LogLevel::kInfo : base::LogLevel::kError, "route removed",
               {{"route", old.prefix.text()}, {"problem", good ? "" : nl_geterror(error)}});
  }

  base::Log& log_;
  Socket routes_;
  Socket links_;
  boost::asio::posix::stream_descriptor readable_;
  std::vector<FipRoute> wanted_;
  std::map<base::IpPrefix, std::string> told_;  // what was last logged
};

absl::StatusOr<std::unique_ptr<DataPlane>> DataPlane::open(boost::asio::io_context& loop,
                                                           base::Log& log) {
  auto impl = std::make_shared<Impl>(loop, log);
  if (auto status = impl->open(); !status.ok()) return status;
  impl->watch_links();
  return std::unique_ptr<DataPlane>(new DataPlane(std::move(impl)));
}

DataPlane::DataPlane(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
DataPlane::~DataPlane() = default;

void DataPlane::sync(const std::vector<FipRoute>& wanted) { impl_->sync(wanted); }

}  // namespace vipd::hcloudsim
