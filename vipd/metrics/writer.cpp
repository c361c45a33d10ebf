#include "vipd/metrics/writer.h"

#include <fmt/format.h>

namespace vipd::metrics {
namespace {

std::string_view name_of(Writer::Type type) {
  switch (type) {
    case Writer::Type::kGauge:
      return "gauge";
    case Writer::Type::kCounter:
      return "counter";
    case Writer::Type::kHistogram:
      return "histogram";
  }
  return "untyped";
}

std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

void Writer::family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, name_of(type));
}

void Writer::sample(double value, const Labels& labels, std::string_view suffix) {
  std::string list;
  for (const auto& [name, label] : labels) {
    list += fmt::format("{}{}=\"{}\"", list.empty() ? "" : ",", name, escaped(label));
  }
  if (!list.empty()) list = "{" + list + "}";
  text_ += fmt::format("{}{}{} {}\n", name_, suffix, list, value);
}

}  // namespace vipd::metrics
