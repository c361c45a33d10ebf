// The simulated Hetzner Cloud on a thread of its own: a command waits in the test's.
#pragma once

#include <future>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "tests/catch.h"
#include "tools/lab/hcloudsim/simulator.h"

namespace vipd::vipctl {

using base::Json;

// One project with the servers cp-1 and cp-2 (control planes) and db-1. Actions take 20 ms.
class SimulatedCloud {
 public:
  SimulatedCloud() {
    const auto port = sim_.listen_api("127.0.0.1", 0);
    REQUIRE(port.ok());
    endpoint_ = fmt::format("HCLOUD_ENDPOINT=http://127.0.0.1:{}/v1", *port);
    thread_ = std::thread([this] { loop_.run(); });
    admin("POST", "/projects", R"({"name": "lab", "tokens": [
        {"token": "tell-nobody", "mode": "rw"}, {"token": "reader", "mode": "ro"}]})");
    admin("PUT", "/latency", R"({"fixed_ms": 20, "other_ms": 20, "answer_least_ms": 0,
        "answer_most_ms": 1})");
    server(1001, "cp-1", "control-plane", "10.0.1.11");
    server(1002, "cp-2", "control-plane", "10.0.1.12");
    server(1003, "db-1", "database", "10.0.1.13");
  }
  ~SimulatedCloud() {
    loop_.stop();
    thread_.join();
  }
  SimulatedCloud(const SimulatedCloud&) = delete;
  SimulatedCloud& operator=(const SimulatedCloud&) = delete;

  std::string admin(const std::string& method, const std::string& target,
                    const std::string& body = "{}") {
    std::promise<base::ServerResponse> answer;
    boost::asio::post(loop_,
                      [&] { answer.set_value(sim_.admin(method, target, Json::parse(body))); });
    const auto said = answer.get_future().get();
    INFO(method << " " << target << ": " << said.body);
    REQUIRE(said.status < 300);
    return said.body;
  }
  void server(int id, const std::string& name, const std::string& role, const std::string& ip) {
    admin("POST", "/servers",
          Json{{"project", "lab"},
               {"id", id},
               {"name", name},
               {"labels", {{"role", role}}},
               {"public_ipv4", fmt::format("198.18.1.{}", id - 1000)},
               {"private_ips",
                {{{"ip", ip},
                  {"network", "10.0.0.0/16"},
                  {"subnet", "10.0.1.0/24"},
                  {"gateway", "10.0.0.1"}}}}}
              .dump());
  }
  void fip(int id, const std::string& name, const std::string& ip, const Json& more = {}) {
    Json body = {{"project", "lab"},
                 {"id", id},
                 {"name", name},
                 {"ip", ip},
                 {"labels", {{"vipd.cluster", "prod"}, {"env", "1"}}}};
    if (!more.is_null()) body.update(more);
    admin("POST", "/floating_ips", body.dump());
  }
  // The next `count` requests of this method whose path fits.
  void fault(const Json& fault, const std::string& method, const std::string& path, int count = 1) {
    Json rule = fault;
    rule.update({{"count", count}, {"match", {{"method", method}, {"path_regex", path}}}});
    admin("POST", "/faults", rule.dump());
  }
  Json fips() { return Json::parse(admin("GET", "/state"))["floating_ips"]; }
  std::vector<Json> audit(const std::string& event) {
    std::istringstream text(admin("GET", "/audit?since=0"));
    std::vector<Json> lines;
    for (std::string line; std::getline(text, line);) {
      Json each = Json::parse(line);
      if (each["event"] == event) lines.push_back(std::move(each));
    }
    return lines;
  }
  // What changed anything, as "POST /v1/floating_ips".
  std::vector<std::string> writes() {
    std::vector<std::string> found;
    for (const Json& each : audit("request")) {
      if (each["method"] == "GET") continue;
      found.push_back(each["method"].get<std::string>() + " " + each["path"].get<std::string>());
    }
    return found;
  }
  [[nodiscard]] std::vector<std::string> environment(
      const std::string& token = "tell-nobody") const {
    return {endpoint_, "HCLOUD_TOKEN=" + token};
  }

 private:
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  base::SystemClock clock_;
  hcloudsim::Simulator sim_{loop_, clock_, 1};
  std::string endpoint_;
  std::thread thread_;
};

}  // namespace vipd::vipctl
