// What the subcommands of `lab` do; main.cpp says how they are called.
//
// Each returns the exit code: 0 done, 1 the lab refused or failed, 2 wrong usage, 3 no lab to
// ask; execute() the program's own.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "tools/lab/client.h"
#include "tools/lab/setup.h"

namespace vipd::lab {

// LAB_DIR, else /tmp/vipd-lab-UID.
std::string default_dir();

struct Options {
  std::string dir = default_dir();
  Setup setup;
  std::string latency_median = "1500ms";
  std::string latency_p99 = "10s";
  std::vector<std::string> timing;
  bool no_vipd = false;
  std::string node;
  std::string process;
  std::string from;
  std::string output = "text";
  std::string probe_action;
  std::string probe_for;
  std::string every = "10ms";
  std::string method;
  std::string target;
  std::string body;
  std::vector<std::string> command;
  std::string setup_json;
  int report_fd = -1;
  int companion_fd = -1;
};

int up(Options& options);
int down(const Options& options);
int show_status(const Options& options);
int ask(const Options& options, const std::string& verb, const base::Json& arguments);
int probe(const Options& options);
int hetzner(const Options& options);
int execute(Options& options);

}  // namespace vipd::lab
