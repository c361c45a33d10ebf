#include "tools/vipctl/render_phase.h"

#include <ctime>
#include <filesystem>
#include <iomanip>
#include <ostream>
#include <sstream>

#include <fmt/format.h>

#include "base/file.h"
#include "tools/vipctl/unified_diff.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

talos::Phase phase_of(const std::string& name) {
  if (name == "daemon") return talos::Phase::kDaemon;
  if (name == "cutover") return talos::Phase::kCutover;
  return name == "finalize" ? talos::Phase::kFinalize : talos::Phase::kPrepare;
}

talos::IssuerMove move_of(const std::string& name) {
  if (name == "accept") return talos::IssuerMove::kAccept;
  if (name == "sign") return talos::IssuerMove::kSign;
  return name == "drop" ? talos::IssuerMove::kDrop : talos::IssuerMove::kNone;
}

absl::StatusOr<bool> is_long_ago(const std::string& moment, base::WallTime now) {
  if (moment.empty()) return false;
  std::tm time{};
  std::istringstream stream(moment);
  stream >> std::get_time(&time, "%Y-%m-%dT%H:%M:%SZ");
  if (stream.fail() || stream.peek() != std::istringstream::traits_type::eof()) {
    return absl::InvalidArgumentError(fmt::format(
        "--signed-since is \"{}\"; write it as 2026-01-31T12:00:00Z", moment));
  }
  return now.seconds - std::int64_t{::timegm(&time)} >= talos::kIssuerRestHours * 3600;
}

// What is to be done, with all that it was found from.
struct Plan {
  Ground ground;
  std::vector<talos::Edit> edits;
  std::vector<RenderedFile> files;
};

absl::StatusOr<talos::PhaseRequest> request_of(const PhaseOptions& options,
                                               const shell::Settings& settings,
                                               base::WallTime now) {
  talos::PhaseRequest request;
  request.phase = phase_of(options.phase);
  request.move = move_of(options.move_issuer);
  const auto long_ago = is_long_ago(options.signed_since, now);
  if (!long_ago.ok()) return long_ago.status();
  request.signed_long_ago = *long_ago;
  if (request.phase != talos::Phase::kDaemon) return request;
  if (options.image.image.empty()) {
    return absl::InvalidArgumentError("the phase daemon needs --image");
  }
  auto pod = static_pod_of(settings, options.image);
  if (!pod.ok()) return pod.status();
  request.pod = talos::Pod{"kube-system", "vipd", *std::move(pod)};
  return request;
}

talos::Goals sans_alone(const talos::Goals& all) {
  talos::Goals goals;
  goals.sans = all.sans;
  return goals;
}

absl::StatusOr<Plan> plan_of(const PhaseOptions& options, const shell::Settings& settings,
                             base::WallTime now) {
  const auto declared = declaration_of(settings, options.overrides);
  if (!declared.ok()) return declared.status();
  auto ground = ground_of(options.live, *declared);
  if (!ground.ok()) return ground.status();
  Plan plan{*std::move(ground), {}, {}};
  const auto request = request_of(options, settings, now);
  if (!request.ok()) return request.status();
  const auto* live = plan.ground.config();
  auto goals = talos::goals_for(*request, *declared, plan.ground.form, live);
  if (!goals.ok()) return goals.status();
  if (options.only_sans) *goals = sans_alone(*goals);
  auto edits = talos::edits_for(*goals, plan.ground.form, live);
  if (!edits.ok()) return edits.status();
  plan.edits = *std::move(edits);
  const auto patches = talos::patch_files(plan.edits, live);
  if (!patches.ok()) return patches.status();
  plan.files = laid_out(*patches, options.layout);
  // No Talos patch, and not in a machine config: nobody could tell whether it is missing.
  if (request->phase == talos::Phase::kDaemon && live == nullptr) {
    auto daemonset = daemonset_of(settings, options.image);
    if (!daemonset.ok()) return daemonset.status();
    plan.files.push_back({"kubernetes/sync-hcloud-token.yaml", *std::move(daemonset)});
  }
  return plan;
}

int print_edited(Plan plan, const Environment& around) {
  if (!plan.ground.live) {
    around.err << "vipctl: --edited needs the config to edit: --live FILE\n";
    return shell::kWrongUsage;
  }
  const auto done = talos::carry_out(plan.edits, *plan.ground.live);
  if (!done.ok()) return complain(done, around);
  around.out << plan.ground.live->text;
  return shell::kFine;
}

int compare(const std::vector<RenderedFile>& files, const PhaseOptions& options,
            const Environment& around) {
  bool drift = false;
  for (const RenderedFile& file : files) {
    const std::string path = options.out + "/" + file.path;
    const auto there = options.out.empty() ? absl::NotFoundError("") : base::read_file(path);
    if (!there.ok() && !absl::IsNotFound(there.status())) return complain(there.status(), around);
    const bool known = there.ok();
    const std::string diff = unified_diff(known ? *there : "", file.text,
                                          known ? path : "/dev/null", file.path);
    drift = drift || !diff.empty();
    around.out << diff;
  }
  return drift ? shell::kFindings : shell::kFine;
}

absl::Status write(const std::string& path, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) {
    return absl::UnavailableError(fmt::format("{}: cannot make its folder: {}", path,
                                              error.message()));
  }
  return base::write_file_atomically(path, text, 0644);
}

}  // namespace

std::vector<RenderedFile> laid_out(const std::vector<talos::PatchFile>& patches,
                                   const std::string& layout) {
  std::vector<RenderedFile> files;
  for (const talos::PatchFile& patch : patches) {
    const std::string folder = patch.scope == talos::Scope::kCluster         ? "cluster/"
                               : patch.scope == talos::Scope::kControlPlanes ? "control-planes/"
                                                                             : "workers/";
    files.push_back({(layout == "ksail" ? folder : "") + patch.name, patch.text});
  }
  return files;
}

int complain(const absl::Status& status, const Environment& around) {
  around.err << "vipctl: " << status.message() << "\n";
  if (absl::IsFailedPrecondition(status)) return shell::kFindings;
  return absl::IsInvalidArgument(status) || absl::IsOutOfRange(status) ? shell::kWrongUsage
                                                                       : shell::kCouldNotTell;
}

int deliver(const std::vector<RenderedFile>& files, const PhaseOptions& options,
            const Environment& around) {
  if (options.check) return compare(files, options, around);
  bool first = true;
  for (const RenderedFile& file : files) {
    if (options.out.empty()) {
      around.out << (first ? "" : "---\n") << "# " << file.path << "\n" << file.text;
      first = false;
      continue;
    }
    const std::string path = options.out + "/" + file.path;
    if (const auto status = write(path, file.text); !status.ok()) return complain(status, around);
    around.out << "wrote " << path << "\n";
  }
  if (files.empty()) around.err << "nothing to do: all of it is in force\n";
  return shell::kFine;
}

int render_phase(const PhaseOptions& options, const std::string& file, const Environment& around) {
  const auto settings = declared_settings(file);
  if (!settings.ok()) return complain(settings.status(), around);
  auto plan = plan_of(options, *settings, around.clock.wall());
  if (!plan.ok()) return complain(plan.status(), around);
  if (options.edited) return print_edited(*std::move(plan), around);
  return deliver(plan->files, options, around);
}

}  // namespace vipd::vipctl
