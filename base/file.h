// Small files: secrets, certificates, status.
//
// Errors  name the path, the system's reason and never the content.
// Threads Blocking; meant for local disks and small files.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vipd::base {

inline constexpr std::size_t kSmallFile = 1 << 20;

// NotFound, PermissionDenied, or OutOfRange when the file is larger than `limit` bytes.
absl::StatusOr<std::string> read_file(const std::string& path, std::size_t limit = kSmallFile);

// Writes beside the target, syncs and renames: a reader sees the old or the new whole.
absl::Status write_file_atomically(const std::string& path, std::string_view content,
                                   mode_t mode = 0600);

}  // namespace vipd::base
