#include "vipd/shell/publisher.h"

#include <utility>

namespace vipd::shell {

base::Json status_digest(base::Json status) {
  if (!status.is_object()) return status;
  for (const auto* counting : {"lease", "hcloud", "next", "figures", "ifThisNodeDied"}) {
    status.erase(counting);
  }
  if (const auto gate = status.find("gate"); gate != status.end() && gate->is_array()) {
    for (auto& condition : *gate) {
      if (condition.is_object()) condition.erase("evidence");
    }
  }
  return status;
}

void Publisher::turned(core::Now now) {
  board_.beat(now.at);
  if (change_ == 0 || now.at - published_at_ >= kPace) refresh(now);
}

base::Json Publisher::refresh(core::Now now) {
  base::Json status = machine_.status(now);
  more_(status);
  base::Json digest = status_digest(status);
  const bool changed = change_ == 0 || digest != digest_;
  if (changed) {
    ++change_;
    digest_ = std::move(digest);
  }
  status["change"] = change_;
  published_at_ = now.at;
  // What others sent may be no UTF-8; a status with a replaced byte beats none.
  board_.publish({change_, status.dump(-1, ' ', false, base::Json::error_handler_t::replace)});
  if (changed) changed_();
  return status;
}

}  // namespace vipd::shell
