// vipctl: what an operator does with vipd. cli.h has its commands.

#include <unistd.h>

#include <csignal>
#include <iostream>

#include "base/commit.h"
#include "tools/vipctl/cli.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const vipd::base::SystemClock clock;
  return vipd::vipctl::run_cli(
      argc, argv, {.variables = environ, .clock = clock, .out = std::cout, .err = std::cerr,
                   .commit = vipd::base::commit()});
}
