#include "tools/lab/hcloudsim/listing.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "tools/lab/hcloudsim/label_selector.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;

constexpr int kDefaultPerPage = 25;
constexpr int kMostPerPage = 50;

// Nothing where the text is no positive number.
std::optional<int> positive(const std::optional<std::string>& text, int fallback) {
  if (!text) return fallback;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  const bool whole = error == std::errc() && end == text->data() + text->size();
  return whole && value > 0 ? std::optional<int>(value) : std::nullopt;
}

template <class Predicate>
void keep_if(std::vector<Json>& items, Predicate keep) {
  items.erase(std::remove_if(items.begin(), items.end(),
                             [&](const Json& each) { return !keep(each); }),
              items.end());
}

std::optional<ApiError> filter(const Target& target, std::vector<Json>& items) {
  if (const auto name = target.value("name")) {
    keep_if(items, [&](const Json& each) { return each.value("name", "") == *name; });
  }
  if (const auto wanted = target.values("status"); !wanted.empty()) {
    keep_if(items, [&](const Json& each) {
      return std::find(wanted.begin(), wanted.end(), each.value("status", "")) != wanted.end();
    });
  }
  const auto text = target.value("label_selector");
  if (!text || text->empty()) return std::nullopt;
  const auto selector = LabelSelector::parse(*text);
  if (!selector.ok()) {
    return invalid_input({{"label_selector", std::string(selector.status().message())}});
  }
  keep_if(items, [&](const Json& each) {
    return selector->matches(each.value("labels", Json::object()).get<Labels>());
  });
  return std::nullopt;
}

std::optional<ApiError> sort(const Target& target, const std::vector<std::string>& sortable,
                             std::vector<Json>& items) {
  std::vector<std::string> wanted = target.values("sort");
  std::reverse(wanted.begin(), wanted.end());  // stable sorts: what counts most comes last
  for (const std::string& each : wanted) {
    const auto colon = each.find(':');
    const std::string field = each.substr(0, colon);
    const std::string order = colon == std::string::npos ? "asc" : each.substr(colon + 1);
    const bool known = std::find(sortable.begin(), sortable.end(), field) != sortable.end();
    if (!known || (order != "asc" && order != "desc")) {
      return invalid_input({{"sort", fmt::format("cannot sort by '{}'", each)}});
    }
    std::stable_sort(items.begin(), items.end(), [&](const Json& a, const Json& b) {
      return order == "asc" ? a[field] < b[field] : b[field] < a[field];
    });
  }
  return std::nullopt;
}

}  // namespace

Answer list_answer(const Call& call, std::string_view key, std::vector<Json> items,
                   const std::vector<std::string>& sortable) {
  const auto page = positive(call.target.value("page"), 1);
  const auto asked = positive(call.target.value("per_page"), kDefaultPerPage);
  if (!page) return refuse(invalid_input({{"page", "must be a positive number"}}));
  if (!asked) return refuse(invalid_input({{"per_page", "must be a positive number"}}));
  if (const auto problem = filter(call.target, items)) return refuse(*problem);
  if (const auto problem = sort(call.target, sortable, items)) return refuse(*problem);

  const int per_page = std::min(*asked, kMostPerPage);
  const int total = static_cast<int>(items.size());
  const int last = std::max(1, (total + per_page - 1) / per_page);
  const int from = std::min<int>(total, (std::min(*page, last + 1) - 1) * per_page);
  const int to = std::min(total, from + per_page);
  const bool has_next = *page < last;

  std::vector<std::string> links;
  const auto link = [&](int number, const char* rel) {
    links.push_back(fmt::format("<{}{}>; rel=\"{}\"", call.origin,
                                call.target.with_page(number, per_page), rel));
  };
  if (*page > 1) link(*page - 1, "prev");
  if (has_next) link(*page + 1, "next");
  link(last, "last");

  Answer answer;
  answer.headers = {{"Link", fmt::format("{}", fmt::join(links, ", "))}};
  answer.body[std::string(key)] = std::vector<Json>(items.begin() + from, items.begin() + to);
  answer.body["meta"]["pagination"] = {
      {"page", *page},
      {"per_page", per_page},
      {"previous_page", *page > 1 ? Json(*page - 1) : Json()},
      {"next_page", has_next ? Json(*page + 1) : Json()},
      {"last_page", last},
      {"total_entries", total}};
  return answer;
}

}  // namespace vipd::hcloudsim
