#include "tools/lab/hcloudsim/audit.h"

#include <algorithm>

#include <fmt/format.h>

namespace vipd::hcloudsim {

absl::Status Audit::write_to(const std::string& path) {
  file_ = std::ofstream(path, std::ios::app);
  if (file_.is_open()) return absl::OkStatus();
  return absl::UnavailableError(fmt::format(
      "cannot append to the audit file {}: give a path in a writable folder", path));
}

void Audit::add(const Record& record) {
  constexpr std::size_t kMostLines = 200000;
  base::Json line = record.fields;
  line["seq"] = next_seq_++;
  line["boot_ns"] = record.at.time_since_epoch().count();
  line["time"] = calendar_.text(record.at);
  line["event"] = record.event;
  // Bytes that are no UTF-8 come from a client's target: show that, rather than stop.
  lines_.push_back(line.dump(-1, ' ', false, base::Json::error_handler_t::replace) + "\n");
  if (lines_.size() > kMostLines) lines_.pop_front();
  if (file_.is_open()) file_ << lines_.back() << std::flush;
}

std::string Audit::text_since(std::uint64_t seq) const {
  const std::uint64_t newer = next_seq_ - 1 - std::min(seq, next_seq_ - 1);
  const auto count = std::min<std::size_t>(newer, lines_.size());
  std::string text;
  for (std::size_t i = lines_.size() - count; i < lines_.size(); ++i) text += lines_[i];
  return text;
}

}  // namespace vipd::hcloudsim
