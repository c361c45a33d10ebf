#include "tools/lab/call.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sstream>

namespace vipd::lab {
namespace {

absl::Status refusal(const std::string& url, const base::HttpResponse& answer) {
  const auto body = base::parse_json(answer.body);
  const base::Json json = body.ok() ? *body : base::Json::object();
  const auto text = base::json_text(json, "error")
                        .value_or(fmt::format("{} answered {}: {}", url, answer.status,
                                              answer.body.substr(0, 500)));
  const auto code = base::json_integer(json, "code");
  return {code ? static_cast<absl::StatusCode>(*code) : absl::StatusCode::kInternal, text};
}

absl::StatusOr<base::Json> parse_lines(const std::string& text) {
  base::Json list = base::Json::array();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto json = base::parse_json(line);
    if (!json.ok()) return json.status();
    list.push_back(*std::move(json));
  }
  return list;
}

}  // namespace

absl::StatusOr<base::HttpResponse> exchange(base::HttpRequest request, Millis at_most) {
  const base::SystemClock clock;
  boost::asio::io_context loop;
  base::HttpClient client(loop, clock);
  request.deadline = clock.now() + at_most;
  absl::StatusOr<base::HttpResponse> answer = absl::InternalError("no answer");
  client.send(std::move(request), [&](base::HttpResult result) {
    answer = std::move(result.response);
    loop.stop();
  });
  loop.run();
  return answer;
}

absl::StatusOr<base::Json> call(const std::string& method, const std::string& url,
                                const base::Json& body, Millis at_most) {
  base::HttpRequest request;
  request.method = method;
  request.url = url;
  if (!body.is_null()) {
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body.dump();
  }
  const auto answer = exchange(std::move(request), at_most);
  if (!answer.ok()) return answer.status();
  if (answer->status > 299) return refusal(url, *answer);
  if (answer->body.empty()) return base::Json::object();
  const auto type = base::find_header(answer->headers, "Content-Type").value_or("");
  return type == "application/x-ndjson" ? parse_lines(answer->body)
                                        : base::parse_json(answer->body);
}

void pause(Millis span) {
  boost::asio::io_context loop;  // a timer's own wait() throws when SIGCHLD interrupts it
  boost::asio::steady_timer timer(loop, span);
  timer.async_wait([](auto) {});
  loop.run();
}

absl::Status until_ok(const std::string& what, Millis every, Millis at_most,
                      const std::function<absl::Status()>& attempt) {
  const base::SystemClock clock;
  const base::Instant give_up = clock.now() + at_most;
  for (;;) {
    const absl::Status done = attempt();
    if (done.ok()) return done;
    if (clock.now() >= give_up)
      return {done.code(), fmt::format("{}: not within {} ms: {}", what, at_most.count(),
                                       std::string(done.message()))};
    pause(every);
  }
}

}  // namespace vipd::lab
