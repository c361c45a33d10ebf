// From a resource's bytes to its plain value. Pure. For talos/*.cpp and its tests.
//
// Errors  DataLoss: not the message it should be, or an address of impossible length.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "talos/specs.h"

namespace vipd::talos {

// Where the specs of one type live, and whether reading them takes os:admin.
struct Kind {
  std::string space;  // COSI's namespace
  std::string type;
  bool sensitive = false;
};

template <class Spec>
Kind kind_of();

template <class Spec>
absl::StatusOr<Spec> decode(const std::string& proto_spec);

}  // namespace vipd::talos
