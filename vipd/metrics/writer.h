// The text that Prometheus scrapes: families, each with help, type and samples.
//
// Source  https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vipd::metrics {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

class Writer {
 public:
  enum class Type { kGauge, kCounter, kHistogram };

  // What follows, up to the next family, is of this one.
  void family(std::string_view name, Type type, std::string_view help);
  // `suffix` only for a histogram's parts: "_bucket", "_sum", "_count".
  void sample(double value, const Labels& labels = {}, std::string_view suffix = "");

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
};

}  // namespace vipd::metrics
