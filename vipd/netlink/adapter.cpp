#include "vipd/netlink/adapter.h"

#include <net/if.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/strings/str_cat.h"
#include "vipd/netlink/form.h"
#include "vipd/netlink/requests.h"
#include "vipd/netlink/socket.h"

namespace vipd::netlink {
namespace {

namespace asio = boost::asio;

constexpr auto kAgainAfter = std::chrono::seconds(1);
// A flood must not keep the loop in one drain; what is left wakes it again at once.
constexpr int kDatagramsPerTurn = 256;
constexpr int kRequestBuffer = 256 * 1024;

std::vector<core::LocalAddress> as_seen(const std::vector<Record>& records) {
  std::vector<core::LocalAddress> seen;
  for (const Record& record : records) {
    seen.push_back({.address = record.address,
                    .prefix_length = record.prefix_length,
                    .scope = record.scope,
                    .ours = record.protocol == kMark});
  }
  std::sort(seen.begin(), seen.end());
  return seen;
}

}  // namespace

class Adapter::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, base::Log& log, Options options,
       std::function<void(core::Event)> post)
      : loop_(loop), log_(log), options_(options), post_(std::move(post)), again_(loop) {}

  void start() {
    if (const auto status = open(); !status.ok()) return fail_and_try_again(status);
    read_back(Post::kAlways);
    wait();
  }

  void stop() {
    again_.cancel();
    close();
  }

  void add(const base::IpAddress& address) {
    change(address, [&]() -> absl::Status {
      const auto records = requests_->read(link_);
      if (!records.ok()) return records.status();
      const auto missing = must_add(*records, address);
      if (!missing.ok()) return missing.status();
      return *missing ? requests_->add(link_, address) : absl::OkStatus();
    });
  }

  void remove(const base::IpAddress& address) {
    change(address, [&]() -> absl::Status {
      const auto records = requests_->read(link_);
      if (!records.ok()) return records.status();
      const auto ours = to_remove(*records, address);
      if (!ours.ok()) return ours.status();
      for (const Record& record : *ours) {
        if (const auto status = requests_->remove(record); !status.ok()) return status;
      }
      return absl::OkStatus();
    });
  }

 private:
  enum class Post { kAlways, kIfChanged };

  absl::Status open() {
    close();
    auto changes = Socket::open(options_.receive_buffer_bytes);
    if (!changes.ok()) return changes.status();
    if (const auto status = changes->subscribe(); !status.ok()) return status;
    auto requests = Socket::open(kRequestBuffer);
    if (!requests.ok()) return requests.status();
    link_ = ::if_nametoindex("lo");
    if (link_ == 0) return absl::NotFoundError("rtnetlink: this network has no link named lo");
    changes_ = std::move(*changes);
    requests_.emplace(std::move(*requests));
    readable_.emplace(loop_, changes_->fd());
    return absl::OkStatus();
  }

  void close() {
    if (readable_) readable_->release();  // the descriptor is the Socket's
    readable_.reset();
    changes_.reset();
    requests_.reset();
  }

  void wait() {
    readable_->async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = weak_from_this()](boost::system::error_code failed) {
                            const auto impl = self.lock();
                            if (impl && !failed) impl->drain();
                          });
  }

  void drain() {
    if (!changes_) return;  // closed while this turn was queued
    bool changed = false;
    for (int count = 0; count < kDatagramsPerTurn; ++count) {
      const auto datagram = changes_->receive();
      if (datagram.ok() && !*datagram) break;
      if (!datagram.ok() && !absl::IsResourceExhausted(datagram.status())) {
        return fail_and_try_again(datagram.status());
      }
      changed = changed || !datagram.ok() || concerns_lo(**datagram);
    }
    if (changed) read_back(Post::kIfChanged);
    if (readable_) wait();
  }

  [[nodiscard]] bool concerns_lo(const std::string& datagram) const {
    const auto messages = read_messages(datagram);
    if (!messages.ok()) return true;
    return std::any_of(messages->begin(), messages->end(), [&](const Message& message) {
      return message.kind != Message::Kind::kOther && message.record.link == link_;
    });
  }

  template <typename Action>
  void change(const base::IpAddress& address, Action action) {
    const auto status =
        requests_ ? action() : absl::UnavailableError("rtnetlink: no socket yet, trying again");
    if (!status.ok()) fail(address, status);
    if (requests_) read_back(status.ok() ? Post::kAlways : Post::kIfChanged);
  }

  void read_back(Post when) {
    const auto records = requests_->read(link_);
    if (!records.ok()) return fail_and_try_again(records.status());
    auto seen = as_seen(*records);
    if (when == Post::kIfChanged && last_ == seen) return;
    last_ = seen;
    send({core::AddressesSeen{std::move(seen)}});
  }

  void fail(std::optional<base::IpAddress> address, const absl::Status& status) {
    const std::string why(status.message());
    log_.write(base::LogLevel::kWarn, why,
               address ? base::LogFields{{"address", address->text()}} : base::LogFields{});
    send({core::NetlinkFailed{address, why}});
  }

  // New sockets and a new picture: whatever went wrong with the old ones cannot stay.
  void fail_and_try_again(const absl::Status& status) {
    fail(std::nullopt, status);
    close();
    again_.expires_after(kAgainAfter);
    again_.async_wait([self = weak_from_this()](boost::system::error_code failed) {
      const auto impl = self.lock();
      if (impl && !failed) impl->start();
    });
  }

  void send(core::Event event) {
    asio::post(loop_, [self = weak_from_this(), event = std::move(event)]() mutable {
      if (const auto impl = self.lock()) impl->post_(std::move(event));
    });
  }

  asio::io_context& loop_;
  base::Log& log_;
  const Options options_;
  const std::function<void(core::Event)> post_;
  asio::steady_timer again_;
  unsigned link_ = 0;
  std::optional<Socket> changes_;
  std::optional<Requests> requests_;
  std::optional<asio::posix::stream_descriptor> readable_;
  std::optional<std::vector<core::LocalAddress>> last_;
};

Adapter::Adapter(boost::asio::io_context& loop, const base::Clock& /*no deadlines here*/,
                 base::Log& log, Options options, std::function<void(core::Event)> post)
    : impl_(std::make_shared<Impl>(loop, log, options, std::move(post))) {}

Adapter::~Adapter() { impl_->stop(); }

void Adapter::start() { impl_->start(); }
void Adapter::carry_out(const core::AddAddress& command) { impl_->add(command.address); }
void Adapter::carry_out(const core::RemoveAddress& command) { impl_->remove(command.address); }

}  // namespace vipd::netlink
