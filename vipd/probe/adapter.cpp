#include "vipd/probe/adapter.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/url.h"
#include "vipd/probe/answers.h"

namespace vipd::probe {
namespace {

constexpr std::size_t kReadyzBody = 64 << 10;  // a line for each of about fifty checks

base::IpAddress loopback() {
  return {.family = base::Family::kV4, .bytes = {127, 0, 0, 1}};
}

// A node name is a DNS name (RFC 1123); anything else must not bend the path.
std::string path_segment(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.') {
      text.push_back(c);
    } else {
      absl::StrAppend(&text, "%", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return text;
}

base::TlsClient unverified() {
  base::TlsClient tls;
  tls.verify = false;
  return tls;
}

}  // namespace

Adapter::Adapter(boost::asio::io_context& loop, const base::Clock& clock, base::Log& log,
             Options options, std::function<void(core::Event)> post)
    : clock_(clock),
      log_(log),
      port_(options.port),
      post_(std::move(post)),
      credentials_(std::move(options.credentials)),
      client_(loop, clock) {}

// So that what is wrong with the files is said at start, not at the first failed probe.
void Adapter::start() { trusted(); }

void Adapter::carry_out(const core::ProbeReadyz& command) {
  auto readyz = request(command.target, "/readyz", command.deadline);
  readyz.body_limit = kReadyzBody;
  client_.send(std::move(readyz), [this, call = command.call,
                                   begun = clock_.now()](const base::HttpResult& result) {
    auto verdict = judge_readyz(result.response, credentials_.problem());
    verdict.call = call;
    verdict.sent_at = result.sent ? result.first_byte_at : begun;
    post_(std::move(verdict));
  });
}

void Adapter::carry_out(const core::ProbeTls& command) {
  client_.handshake(command.target.text(), port_, unverified(), command.deadline,
                    [this, call = command.call, begun = clock_.now()](const auto& answer) {
                      auto verdict = judge_handshake(answer);
                      verdict.call = call;
                      verdict.sent_at = begun;
                      post_(std::move(verdict));
                    });
}

void Adapter::carry_out(const core::ProbeCertificate& command) {
  client_.handshake(command.dial.text(), port_, unverified(), command.deadline,
                    [this, command, begun = clock_.now()](const auto& answer) {
                      auto verdict = judge_certificate(answer, command.address);
                      verdict.call = command.call;
                      verdict.sent_at = begun;
                      post_(std::move(verdict));
                    });
}

void Adapter::carry_out(const core::ReadOwnNode& command) {
  client_.send(request(loopback(), absl::StrCat("/api/v1/nodes/", path_segment(command.node)),
                       command.deadline),
               [this, call = command.call](const base::HttpResult& result) {
                 auto verdict = judge_node(result.response, credentials_.problem());
                 verdict.call = call;
                 post_(std::move(verdict));
               });
}

const base::TlsClient& Adapter::trusted() {
  const base::TlsClient& tls = credentials_.refresh();
  const std::string problem = credentials_.problem();
  if (problem != logged_problem_) {
    log_.write(problem.empty() ? base::LogLevel::kInfo : base::LogLevel::kWarn,
               problem.empty() ? "credentials for kube-apiserver are in order" : problem);
    logged_problem_ = problem;
  }
  return tls;
}

base::HttpRequest Adapter::request(const base::IpAddress& target, const std::string& path,
                                 base::Instant deadline) {
  base::HttpRequest request;
  request.url = absl::StrCat("https://", base::host_and_port(target.text(), port_), path);
  request.tls = trusted();
  request.deadline = deadline;
  return request;
}

}  // namespace vipd::probe
