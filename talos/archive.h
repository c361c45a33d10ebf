// The kubeconfig as Talos sends it: a .tar.gz with one file in it, whose tar is never closed.
//
// Errors  DataLoss: not gzip, cut short, or no regular file in it. OutOfRange: larger unpacked
//         than kLargestArchive, however small it came.
// Source  facts/talos.md 4.6: no padding after the body and no end-of-archive blocks, so that
//         strict tar readers fail.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/secret.h"

namespace vipd::talos {

inline constexpr std::size_t kLargestArchive = 4 << 20;

absl::StatusOr<base::Secret> first_file_of(std::string_view tar_gz);

}  // namespace vipd::talos
