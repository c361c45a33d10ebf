// <stateDir>/status.json: the last status, for reading over the Talos API (`talosctl read`).
// Written whole, on every change and every kEvery, so its age tells whether vipd lives.
//
// Threads  Writes on a thread of its own: an fsync on the disk that etcd uses can take seconds,
//          and the loop must not wait for it. The destructor waits for a write under way.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "base/log.h"
#include "vipd/shell/board.h"

namespace vipd::shell {

class StatusFile {
 public:
  static constexpr std::chrono::seconds kEvery{10};

  StatusFile(Board& board, base::Log& log, std::string path);
  ~StatusFile();  // closes the board
  StatusFile(const StatusFile&) = delete;
  StatusFile& operator=(const StatusFile&) = delete;

 private:
  void run();
  void write(const std::string& text);

  Board& board_;
  base::Log& log_;
  std::string path_;
  bool failing_ = false;
  std::thread thread_;
};

}  // namespace vipd::shell
