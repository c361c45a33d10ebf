// A machine config as text: its YAML documents, what each is, and where it stands. Read only;
// talos/text_edit.h changes it.
//
// Errors  InvalidArgument that begins with the file's name and the line, and says what to do:
//         no machine config, a worker's, no UTF-8 text, duplicate documents, over kMostBytes.
// Source  Talos' config loader (facts/talos.md 3.8): a document is known by apiVersion, kind and
//         name; one that has neither is the v1alpha1 config; unknown kinds are left alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "talos/yaml_tree.h"

namespace vipd::talos {

inline constexpr std::size_t kMostBytes = 32U << 20U;  // Talos' own limit of a message

struct DocumentId {
  std::string kind;  // empty: the v1alpha1 config
  std::string name;  // of a document that has one
  friend bool operator==(const DocumentId&, const DocumentId&) = default;
};

using Path = std::vector<std::string>;

struct Document {
  DocumentId id;
  std::string api_version;
  std::size_t begin = 0;  // in the whole text, without its "---" line
  std::size_t end = 0;
  int first_line = 1;
  TreeNode root;  // counts its bytes from `begin`
};

struct MachineConfig {
  std::string file;  // for errors
  std::string text;
  std::vector<Document> documents;

  [[nodiscard]] const Document* find(const DocumentId& id) const;
  [[nodiscard]] bool has_kind(std::string_view kind) const;
  // Nothing where the document or the path is missing, or holds null.
  [[nodiscard]] const TreeNode* find(const DocumentId& id, const Path& path) const;
};

absl::StatusOr<MachineConfig> read_machine_config(std::string text, std::string file);

// The documents of any YAML text; nothing is asked of what they are.
absl::StatusOr<std::vector<Document>> read_documents(std::string_view text,
                                                     const std::string& file);

}  // namespace vipd::talos
