#include "tools/lab/hcloudsim/tokens.h"

#include <cstdint>

#include <fmt/format.h>

namespace vipd::hcloudsim {
namespace {

// FNV-1a: enough to tell two tokens of a lab apart.
std::string short_hash(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("{:08x}", hash);
}

}  // namespace

void Tokens::add(const std::string& text, Token token) {
  if (token.name.empty()) token.name = short_hash(text);
  tokens_[text] = std::move(token);
}

Token* Tokens::find(std::string_view text) {
  const auto found = tokens_.find(text);
  return found == tokens_.end() ? nullptr : &found->second;
}

}  // namespace vipd::hcloudsim
