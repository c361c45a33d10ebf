#include "tools/lab/directory.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"

namespace vipd::lab::directory {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kSocketPathLimit = 107;  // sun_path, unix(7)
constexpr const char* kMarkerKind = "vipd lab";

absl::Status inaccessible(const std::string& dir, const std::error_code& error) {
  const std::string text =
      fmt::format("{}: {}; choose another --dir, or be its owner", dir, error.message());
  return {absl::ErrnoToStatusCode(error.value()), text};
}

}  // namespace

absl::Status mark(const Layout& layout, base::Json facts) {
  facts["kind"] = kMarkerKind;
  return base::write_file_atomically(layout.marker(), facts.dump());
}

absl::StatusOr<base::Json> read_marker(const Layout& layout) {
  const auto text = base::read_file(layout.marker());
  if (!text.ok()) return text.status();
  auto json = base::parse_json(*text);
  if (json.ok() && base::json_text(*json, "kind") == kMarkerKind) return json;
  return absl::NotFoundError(layout.marker() + " is no lab's");
}

absl::StatusOr<Place> look_at(const Layout& layout) {
  std::error_code error;
  const bool there = fs::exists(layout.dir, error);
  const bool free = !error && (!there || fs::is_empty(layout.dir, error));
  if (error) return inaccessible(layout.dir, error);
  if (free) return Place::kFree;
  const auto marked = read_marker(layout);
  if (absl::IsPermissionDenied(marked.status())) return marked.status();
  return marked.ok() ? Place::kLab : Place::kForeign;
}

absl::Status check_free(const Layout& layout) {
  // The longest socket is vipd's.
  const std::size_t longest = layout.vipd_socket("cp-1").size();
  if (longest > kSocketPathLimit)
    return absl::InvalidArgumentError(
        fmt::format("{}: too long by {} characters for the sockets in it; choose a shorter --dir",
                    layout.dir, longest - kSocketPathLimit));
  if (layout.dir.starts_with("/run/") || layout.dir.starts_with("/proc/"))
    return absl::InvalidArgumentError(layout.dir + ": the lab has its own /run; use another --dir");
  const auto there = look_at(layout);
  if (!there.ok()) return there.status();
  if (*there == Place::kLab)
    return absl::AlreadyExistsError(
        fmt::format("a lab is or was in {0}: run `lab down --dir {0}` first", layout.dir));
  if (*there == Place::kForeign)
    return absl::AlreadyExistsError(
        layout.dir + " is not empty, and no lab's: choose an empty or a new directory");
  return absl::OkStatus();
}

absl::Status make(const Layout& layout) {
  std::error_code error;
  fs::create_directories(layout.dir, error);
  if (!error) fs::permissions(layout.dir, fs::perms::owner_all, error);  // keys are in it
  if (error) return inaccessible(layout.dir, error);
  if (auto marked = mark(layout, base::Json::object()); !marked.ok()) return marked;
  fs::create_directories(layout.dir + "/logs", error);
  return error ? inaccessible(layout.dir, error) : absl::OkStatus();
}

absl::Status remove(const Layout& layout) {
  std::error_code error;
  fs::remove_all(layout.dir, error);
  return error ? inaccessible(layout.dir, error) : absl::OkStatus();
}

}  // namespace vipd::lab::directory
