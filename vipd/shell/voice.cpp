#include "vipd/shell/voice.h"

namespace vipd::shell {
namespace {

base::LogLevel level_of(core::Say::Level level) {
  switch (level) {
    case core::Say::Level::kDebug:
      return base::LogLevel::kDebug;
    case core::Say::Level::kInfo:
      return base::LogLevel::kInfo;
    case core::Say::Level::kWarn:
      return base::LogLevel::kWarn;
    case core::Say::Level::kError:
      return base::LogLevel::kError;
  }
  return base::LogLevel::kError;
}

}  // namespace

void Voice::carry_out(const core::Say& say) {
  base::LogFields fields;
  if (!say.rule.empty()) fields.emplace_back("rule", say.rule);
  fields.insert(fields.end(), say.fields.begin(), say.fields.end());
  log_.write(level_of(say.level), say.text, fields);
}

}  // namespace vipd::shell
