#include "tools/vipctl/exit_codes.h"

#include <vector>

#include "base/table.h"

namespace vipd::vipctl {

std::string exit_codes_text() {
  const std::vector<base::Row> rows = {
      {"CODE", "MEANS"},
      {std::to_string(shell::kFine), "fine"},
      {std::to_string(shell::kFindings), "findings, drift, or refused"},
      {std::to_string(shell::kWrongUsage), "wrong usage: a flag, an argument or vipd.yaml"},
      {std::to_string(shell::kCouldNotTell), "could not tell: something did not answer"},
      {std::to_string(shell::kUnsafe), "unsafe: it would have harmed the control plane"},
      {"10", "check: the endpoint leads to an address that is not the cluster's"},
      {"11", "check: the address does not answer"},
      {"12", "check: credentials or certificates are wrong"},
      {"13", "check: the control plane is down"},
  };
  return base::table(rows);
}

}  // namespace vipd::vipctl
