// What an operator may name as an image: pinned by digest, so that every node runs the same bytes
// and no registry can change them afterwards.
//
// Errors  InvalidArgument with what is missing and how to find it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace vipd::vipctl {

// "REPOSITORY[:TAG]@sha256:<64 hex digits>", as given.
absl::StatusOr<std::string> pinned_image(std::string_view reference);

}  // namespace vipd::vipctl
