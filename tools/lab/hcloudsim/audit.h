// Everything that happened, in order: one JSON object a line, in memory and in a file.
//
// Fields  seq, boot_ns (CLOCK_BOOTTIME), time (wall), event, then what the event brings (README).
// Limits  Memory keeps the newest 200,000 lines; the file keeps all.
#pragma once

#include <cstdint>
#include <deque>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "tools/lab/hcloudsim/calendar.h"
#include "tools/lab/hcloudsim/model.h"

namespace vipd::hcloudsim {

class Audit {
 public:
  explicit Audit(const Calendar& calendar) : calendar_(calendar) {}

  // Appends to the file from now on.
  absl::Status write_to(const std::string& path);
  void add(const Record& record);
  // The lines with a larger seq.
  [[nodiscard]] std::string text_since(std::uint64_t seq) const;

 private:
  Calendar calendar_;
  std::uint64_t next_seq_ = 1;
  std::deque<std::string> lines_;  // the last one has seq next_seq_ - 1
  std::ofstream file_;
};

}  // namespace vipd::hcloudsim
