// The vipd program as a child process: started with arguments, read, signalled, awaited.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/shell/fixtures.h"

namespace vipd::shell {

class Program {
 public:
  // Output goes to files in `folder`, which must outlive this. VIPD_TEST_PROGRAM is its path.
  Program(const TempFolder& folder, std::vector<std::string> arguments,
          std::vector<std::string> environment = {})
      : out_(folder / ("out-" + arguments_text(arguments))), err_(out_ + "-err") {
    arguments.insert(arguments.begin(), VIPD_TEST_PROGRAM);
    auto argv = pointers(arguments);
    auto envp = pointers(environment);
    posix_spawn_file_actions_t files{};
    ::posix_spawn_file_actions_init(&files);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out_.c_str(), kFlags, 0600);
    ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err_.c_str(), kFlags, 0600);
    REQUIRE(::posix_spawn(&pid_, argv[0], &files, nullptr, argv.data(), envp.data()) == 0);
    ::posix_spawn_file_actions_destroy(&files);
  }
  ~Program() {
    if (code_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // The exit code, 128 + signal, or -1 where it has not ended within 15 s.
  int wait() {
    boost::asio::io_context io;
    for (int round = 0; round < 3 && !code_; ++round) run_until(io, [this] { return ended(); });
    return code_.value_or(-1);
  }
  bool ended() {
    int status = 0;
    if (!code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return code_.has_value();
  }
  void signal(int number) const { ::kill(pid_, number); }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string out() const { return content_of(out_); }
  [[nodiscard]] std::string err() const { return content_of(err_); }

 private:
  static std::string arguments_text(const std::vector<std::string>& arguments) {
    static int count = 0;
    return (arguments.empty() ? "" : arguments[0]) + std::to_string(++count);
  }
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
  }
  static std::string content_of(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::string out_;
  std::string err_;
  pid_t pid_ = 0;
  std::optional<int> code_;
};

}  // namespace vipd::shell
