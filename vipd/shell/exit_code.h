// What the commands end with; scripts rely on these.
#pragma once

namespace vipd::shell {

enum ExitCode : int {
  kFine = 0,
  kFindings = 1,  // or refused, or not done in time
  kWrongUsage = 2,
  kCouldNotTell = 3,
  kUnsafe = 4,
};

}  // namespace vipd::shell
