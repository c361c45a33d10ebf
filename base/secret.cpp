#include "base/secret.h"

#include <openssl/crypto.h>

namespace vipd::base {
namespace {

// The whole buffer: a short text that was moved away leaves its bytes behind.
void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe(text_);
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(text_);
    text_.swap(other.text_);
  }
  return *this;
}

Secret::~Secret() { wipe(text_); }

}  // namespace vipd::base
