// Text that must not be printed: a token, a private key.
//
// It has no stream operator, no formatter and no implicit conversion, so it cannot reach a
// log or an error text by accident; reveal() is the one way in, and easy to search for.
// Its memory is wiped when it goes.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace vipd::base {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&);
  Secret(Secret&& other) noexcept : text_(std::exchange(other.text_, {})) {}
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] std::string_view reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

}  // namespace vipd::base
