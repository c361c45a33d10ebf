// Gives each command to the one collaborator that has carry_out() for it.
//
// A command that nobody owns, or two do, does not compile: no catch-all, no registry.
#pragma once

#include <functional>
#include <tuple>
#include <variant>

#include "vipd/core/command.h"

namespace vipd::shell {

template <class Owner, class One>
concept CarriesOut = requires(Owner& owner, const One& one) { owner.carry_out(one); };

template <class... Owners>
class Hands {
 public:
  explicit Hands(Owners&... owners) : owners_(owners...) {}

  void operator()(const core::Command& command) const {
    std::visit([this](const auto& one) { this->give(one); }, command);
  }

 private:
  template <class One>
  void give(const One& one) const {
    static_assert((0 + ... + (CarriesOut<Owners, One> ? 1 : 0)) == 1,
                  "every command has exactly one owner");
    std::apply([&one](auto&... owner) { (offer(owner, one), ...); }, owners_);
  }

  template <class Owner, class One>
  static void offer(Owner& owner, const One& one) {
    if constexpr (CarriesOut<Owner, One>) owner.carry_out(one);
  }

  std::tuple<Owners&...> owners_;
};

}  // namespace vipd::shell
