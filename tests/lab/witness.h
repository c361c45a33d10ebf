// Watches on the etcd of every node, from the lab's start to its end: etcd itself keeps five
// minutes of history and no time of day, and a restored one has forgotten.
//
// Each watch is a process in the lab that appends what it is told, behind the machine's uptime, to
// a file below the lab's logs; it ends with the lab. One that loses its etcd begins again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/lab/judge.h"

namespace vipd::lab {

class Witness {
 public:
  // Runs a program in a node's network.
  using Run = std::function<void(const std::string& node, const std::vector<std::string>& argv)>;
  Witness(std::string folder, Run run) : folder_(std::move(folder)), run_(std::move(run)) {}

  // `etcdctl` is the command line of etcdctl on that node, up to its verb.
  void watch(const std::string& node, const std::vector<std::string>& etcdctl);
  // etcd stands still and is about to be replaced: what was told so far is kept; watch anew.
  void start_over();
  [[nodiscard]] std::vector<KeyEvent> history() const;

 private:
  [[nodiscard]] std::vector<KeyEvent> told() const;  // since etcd was replaced

  const std::string folder_;
  const Run run_;
  std::vector<std::string> files_;
  int watches_ = 0;
  std::vector<KeyEvent> before_;
};

}  // namespace vipd::lab
