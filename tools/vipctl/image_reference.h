// What an operator may name as an image: pinned by digest, so that every node runs the same bytes
// and no registry can change them afterwards.
//
// Grammar Repository and tag as registries take them and the kubelet parses them (else the pod ends
//         as InvalidImageName).
// Errors  InvalidArgument with what is missing and how to find it.
// Source  OCI distribution spec 1.1, "Pulling manifests" (name, tag); hosts as
//         github.com/distribution/reference has them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace vipd::vipctl {

// "REPOSITORY[:TAG]@sha256:<64 hex digits>", as given.
absl::StatusOr<std::string> pinned_image(std::string_view reference);

}  // namespace vipd::vipctl
