// `vipctl render --phase PHASE`: patch files for Talos, from vipd.yaml and, where one is named, a
// live machine config.
//
// Exit codes  0 fine (also: nothing to do), 1 refused, or drift with --check, 2 wrong usage,
//             3 a file could not be read or written.
// Secrets     Only --edited prints any: it is the live config as it would be.
#pragma once

#include <string>
#include <vector>

#include "talos/patch_files.h"
#include "talos/phases.h"
#include "tools/vipctl/declaration.h"
#include "tools/vipctl/render.h"

namespace vipd::vipctl {

struct PhaseOptions {
  std::string phase;
  std::string live;  // file of a machine config
  Overrides overrides;
  std::string move_issuer;
  std::string signed_since;  // RFC 3339
  std::string out;           // folder; empty: stdout
  std::string layout = "plain";
  bool check = false;
  bool edited = false;
  bool only_sans = false;  // of prepare
  RenderRequest image;
};

int render_phase(const PhaseOptions& options, const std::string& file, const Environment& around);

struct RenderedFile {
  std::string path;  // below the folder
  std::string text;
};

// To stdout, into a folder, or compared with what is there.
int deliver(const std::vector<RenderedFile>& files, const PhaseOptions& options,
            const Environment& around);

[[nodiscard]] std::vector<RenderedFile> laid_out(const std::vector<talos::PatchFile>& patches,
                                                 const std::string& layout);

// Says it, and gives the exit code for its kind.
int complain(const absl::Status& status, const Environment& around);

}  // namespace vipd::vipctl
