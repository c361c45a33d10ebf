#include "vipd/shell/status_file.h"

#include <utility>

#include "base/file.h"

namespace vipd::shell {

StatusFile::StatusFile(Board& board, base::Log& log, std::string path)
    : board_(board), log_(log), path_(std::move(path)), thread_([this] { run(); }) {}

StatusFile::~StatusFile() {
  board_.close();
  thread_.join();
}

void StatusFile::run() {
  std::uint64_t written = 0;
  while (board_.wait_for_change(written, kEvery)) {
    const auto notice = board_.latest();
    if (!notice) continue;
    write(notice->text + "\n");
    written = notice->change;
  }
}

void StatusFile::write(const std::string& text) {
  const auto done = base::write_file_atomically(path_, text, 0600);
  const bool failed = !done.ok();
  if (failed && !failing_) {
    log_.write(base::LogLevel::kWarn, "status file cannot be written; trying again",
               {{"path", path_}, {"why", std::string(done.message())}});
  }
  if (!failed && failing_) {
    log_.write(base::LogLevel::kInfo, "status file is written again", {{"path", path_}});
  }
  failing_ = failed;
}

}  // namespace vipd::shell
