// A folder with nothing but a program, a resolv.conf and CA certificates; programs run in it by
// chroot. And the little world around it: a name server and a TLS server on loopback.
//
// Needs a network namespace of its own (catch_namespace_main): the name server sits on port 53.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include "base/clock.h"
#include "base/x509.h"
#include "tests/catch.h"

namespace vipd::image {

class EmptyRoot {
 public:
  EmptyRoot() {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
    write("etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n");
  }
  ~EmptyRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  EmptyRoot(const EmptyRoot&) = delete;
  EmptyRoot& operator=(const EmptyRoot&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(*this / name).parent_path());
    std::ofstream(*this / name) << text;
  }
  void add_program(const std::string& from, const std::string& name) const {
    std::filesystem::copy_file(from, *this / name);
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(*this / name).rdbuf();
    return text.str();
  }

 private:
  std::string path_ = "/tmp/vipd-root-XXXXXX";
};

// A program in an EmptyRoot; its output is in the root's files `out` and `err`.
class Inside {
 public:
  Inside(const EmptyRoot& root, std::vector<std::string> arguments,
         std::vector<std::string> environment) {
    const auto argv = pointers(arguments);
    const auto envp = pointers(environment);
    const std::string folder = root / "";
    const std::string out = root / "out";
    const std::string err = root / "err";
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ != 0) return;
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    if (::chroot(folder.c_str()) == 0 && ::chdir("/") == 0) {
      ::execve(argv[0], argv.data(), envp.data());
    }
    ::_exit(127);
  }
  ~Inside() {
    if (code_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  std::optional<int> code() {
    int status = 0;
    if (!code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return code_;
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
  }

  pid_t pid_ = 0;
  std::optional<int> code_;
};

// Says 127.0.0.1 for every name that ends in ".test", "no such name" for the others, and
// remembers what it was asked. RFC 1035, 4.1.
class NameServer {
 public:
  explicit NameServer(boost::asio::io_context& loop)
      : socket_(loop, {boost::asio::ip::make_address("127.0.0.1"), 53}) {
    receive();
  }
  std::set<std::string> asked;

 private:
  using Bytes = std::vector<unsigned char>;

  void receive() {
    socket_.async_receive_from(boost::asio::buffer(question_), from_,
                               [this](boost::system::error_code error, std::size_t size) {
                                 if (error) return;
                                 answer(Bytes(question_.begin(), question_.begin() +
                                                                     static_cast<long>(size)));
                                 receive();
                               });
  }
  void answer(Bytes message) {
    constexpr std::size_t kHeader = 12;
    std::string name;
    std::size_t at = kHeader;
    while (at < message.size() && message[at] != 0) {
      const std::size_t length = message[at];
      if (at + 1 + length > message.size()) return;
      const auto label = message.begin() + static_cast<long>(at) + 1;
      name += (name.empty() ? "" : ".") + std::string(label, label + static_cast<long>(length));
      at += 1 + length;
    }
    if (at + 5 > message.size()) return;
    asked.insert(name);
    const bool known = name.size() > 5 && name.substr(name.size() - 5) == ".test";
    const bool wants_v4 = message[at + 2] == 1;
    message.resize(at + 5);  // without the additional records
    message[2] = 0x84;       // an answer, with authority
    message[3] = known ? 0 : 3;
    for (std::size_t count = 6; count < kHeader; ++count) message[count] = 0;
    if (known && wants_v4) {
      message[7] = 1;
      for (const int byte : {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1}) {
        message.push_back(static_cast<unsigned char>(byte));
      }
    }
    boost::system::error_code ignored;
    socket_.send_to(boost::asio::buffer(message), from_, 0, ignored);
  }

  boost::asio::ip::udp::socket socket_;
  boost::asio::ip::udp::endpoint from_;
  std::array<unsigned char, 1500> question_{};
};

}  // namespace vipd::image
