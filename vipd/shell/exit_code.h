// What the commands end with; scripts rely on these.
#pragma once

#include "absl/status/status.h"

namespace vipd::shell {

enum ExitCode : int {
  kFine = 0,
  kFindings = 1,  // or refused, or not done in time
  kWrongUsage = 2,
  kCouldNotTell = 3,
  kUnsafe = 4,
};

// For a command that failed with `why`.
[[nodiscard]] inline ExitCode exit_code_of(const absl::Status& why) {
  return absl::IsInvalidArgument(why) ? kWrongUsage : kCouldNotTell;
}

}  // namespace vipd::shell
