// API tokens: each opens one project, for reading or for reading and writing.
//
// A token's text is never shown: logs and the audit know it by its name, which is a short hash
// where nobody gave it one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace vipd::hcloudsim {

struct Token {
  std::string project;
  std::string name;
  bool may_write = false;
  bool revoked = false;
};

class Tokens {
 public:
  // An empty name: a hash of the text. An existing token is replaced.
  void add(const std::string& text, Token token);
  // Null for an unknown one; the caller looks at `revoked`.
  [[nodiscard]] Token* find(std::string_view text);

 private:
  std::map<std::string, Token, std::less<>> tokens_;
};

}  // namespace vipd::hcloudsim
