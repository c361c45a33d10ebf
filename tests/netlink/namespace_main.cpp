// The main() of tests that change addresses: a user and network namespace of its own, entered
// before anything else, so that nothing of the machine is touched. Root is not needed.
#define CATCH_CONFIG_RUNNER
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_session.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

bool write_to(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  return bool(file.flush());
}

bool enter_namespaces() {
  const auto uid = std::to_string(::getuid());
  const auto gid = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) {
    return write_to("/proc/self/setgroups", "deny") &&
           write_to("/proc/self/uid_map", "0 " + uid + " 1") &&
           write_to("/proc/self/gid_map", "0 " + gid + " 1");
  }
  return ::unshare(CLONE_NEWNET) == 0;  // root, where user namespaces are switched off
}

bool bring_lo_up() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  const bool up = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  ::close(fd);
  return up;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  std::string without_kernel = "~[kernel]";
  if (!enter_namespaces() || !bring_lo_up()) {
    std::cerr << "SKIPPED: every test tagged [kernel]: no user and network namespace: "
              << std::strerror(errno) << "\n";
    arguments.push_back(without_kernel.data());
  }
  return Catch::Session().run(static_cast<int>(arguments.size()), arguments.data());
}
