#include "talos/machine_config.h"

#include <algorithm>

#include <fmt/format.h>

namespace vipd::talos {
namespace {

using Kind = TreeNode::Kind;

// No config nests so deep. yaml-cpp queues what an open bracket may yet begin, so a text of
// nothing but brackets would take a hundred times its size.
constexpr int kMostBrackets = 2000;
constexpr std::size_t kMostDocuments = 1000;

absl::Status refused(const std::string& file, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", file, what));
}

bool is_marker(std::string_view line, std::string_view marker) {
  return line.substr(0, 3) == marker &&
         (line.size() == 3 || line.find_first_not_of(" \t\r") != 3);
}

// How many bytes of UTF-8 begin here; 0 where they are none, or a control character.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at);
  if (first < 0x80) return first >= 0x20 || first == '\n' || first == '\r' || first == '\t';
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) return 0;
  }
  return first > 0xf4 ? 0 : length;
}

absl::Status check_text(std::string_view text, const std::string& file) {
  if (text.size() > kMostBytes) {
    return refused(file, fmt::format("{} bytes; Talos takes no machine config over {}",
                                     text.size(), kMostBytes));
  }
  int depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      return refused(file, fmt::format("byte {} is no UTF-8 text; name a machine config", at));
    }
    const char c = text[at];
    depth = std::max(0, depth + (c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0));
    if (depth > kMostBrackets) return refused(file, "brackets are nested too deep");
    at += length;
  }
  return absl::OkStatus();
}

void name_document(Document& document) {
  const auto text_of = [&](std::string_view key) {
    const TreeNode* node = document.root.find(key);
    return node == nullptr ? std::string() : node->value;
  };
  document.id = {text_of("kind"), text_of("name")};
  document.api_version = text_of("apiVersion");
  if (document.id.kind.empty()) document.id.name.clear();
}

// The texts between the lines "---" and "...".
std::vector<Document> split(std::string_view text) {
  std::vector<Document> parts(1);
  if (text.substr(0, 3) == "\xef\xbb\xbf") parts.front().begin = 3;
  int line_number = 1;
  for (std::size_t at = 0; at < text.size() && parts.size() <= kMostDocuments; ++line_number) {
    const std::size_t stop = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, stop - at);
    if (is_marker(line, "---") || is_marker(line, "...")) {
      parts.back().end = at;
      // What stands behind "---" on its line belongs to the document.
      const bool inline_text = line.find_first_not_of(" \t\r", 3) != line.npos;
      Document next;
      next.begin = inline_text ? at + 3 : std::min(stop + 1, text.size());
      next.first_line = inline_text ? line_number : line_number + 1;
      parts.push_back(std::move(next));
    }
    at = stop + 1;
  }
  parts.back().end = text.size();
  return parts;
}

absl::Status check_duplicates(const std::vector<Document>& documents, const std::string& file) {
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (documents[i].id != documents[j].id ||
          documents[i].api_version != documents[j].api_version) {
        continue;
      }
      const auto& id = documents[i].id;
      return refused(file, fmt::format("line {}: {} {} is there twice (first at line {}); Talos "
                                       "takes one of each",
                                       documents[i].first_line,
                                       id.kind.empty() ? "the v1alpha1 config" : id.kind, id.name,
                                       documents[j].first_line));
    }
  }
  return absl::OkStatus();
}

absl::Status check_control_plane(const MachineConfig& config) {
  const TreeNode* type = config.find({}, {"machine", "type"});
  if (type == nullptr) {
    return refused(config.file, "no document says machine.type, so this is no machine config, or "
                                "not all of it; get one with `talosctl get machineconfig v1alpha1 "
                                "-o jsonpath='{.spec}'`");
  }
  if (type->value == "controlplane" || type->value == "init") return absl::OkStatus();
  if (type->value == "worker") {
    return refused(config.file, "is a worker's config; name that of a control plane");
  }
  return refused(config.file, "machine.type is neither controlplane nor worker");
}

}  // namespace

const Document* MachineConfig::find(const DocumentId& id) const {
  for (const Document& document : documents) {
    if (document.id == id) return &document;
  }
  return nullptr;
}

bool MachineConfig::has_kind(std::string_view kind) const {
  return std::any_of(documents.begin(), documents.end(),
                     [&](const Document& each) { return each.id.kind == kind; });
}

const TreeNode* MachineConfig::find(const DocumentId& id, const Path& path) const {
  const Document* document = find(id);
  const TreeNode* node = document == nullptr ? nullptr : document->root.at(path);
  return node == nullptr || node->is(Kind::kNull) ? nullptr : node;
}

absl::StatusOr<std::vector<Document>> read_documents(std::string_view text,
                                                     const std::string& file) {
  if (const auto status = check_text(text, file); !status.ok()) return status;
  std::vector<Document> parts = split(text);
  if (parts.size() > kMostDocuments) {
    return refused(file, fmt::format("more than {} documents", kMostDocuments));
  }
  std::vector<Document> documents;
  for (Document& part : parts) {
    auto root = parse_tree(text.substr(part.begin, part.end - part.begin), part.first_line);
    if (!root.ok()) return refused(file, std::string(root.status().message()));
    if (root->is(Kind::kNull)) continue;
    if (!root->is(Kind::kMap)) {
      return refused(file, fmt::format("line {}: a document must be a map", part.first_line));
    }
    part.root = *std::move(root);
    name_document(part);
    documents.push_back(std::move(part));
  }
  if (documents.empty()) return refused(file, "holds no YAML document");
  return documents;
}

absl::StatusOr<MachineConfig> read_machine_config(std::string text, std::string file) {
  auto documents = read_documents(text, file);
  if (!documents.ok()) return documents.status();
  if (const auto status = check_duplicates(*documents, file); !status.ok()) return status;
  MachineConfig config{std::move(file), std::move(text), *std::move(documents)};
  const auto status = check_control_plane(config);
  return status.ok() ? absl::StatusOr<MachineConfig>(std::move(config)) : status;
}

}  // namespace vipd::talos
