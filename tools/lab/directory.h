// The one directory of a lab: whose it is, making and removing it.
//
// A marker (Layout::marker) is in it before anything else, so that whatever is left of a lab is
// known as one, and nothing else is ever removed.
//
// Errors  PermissionDenied and others of the file system, naming the directory.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json.h"
#include "tools/lab/layout.h"

namespace vipd::lab::directory {

enum class Place { kFree, kForeign, kLab };  // kFree: not there, or empty

absl::StatusOr<Place> look_at(const Layout& layout);
// InvalidArgument where no lab can be, AlreadyExists where something is.
absl::Status check_free(const Layout& layout);
absl::Status make(const Layout& layout);
absl::Status remove(const Layout& layout);

absl::Status mark(const Layout& layout, base::Json facts);
// What was marked; NotFound where no lab ever was.
absl::StatusOr<base::Json> read_marker(const Layout& layout);

}  // namespace vipd::lab::directory
