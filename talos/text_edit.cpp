#include "talos/text_edit.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "talos/splice.h"

namespace vipd::talos {
namespace {

using Kind = TreeNode::Kind;

absl::Status refused(const MachineConfig& config, const DocumentId& id, const Path& path,
                     std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {}{}{}: {}", config.file, id.kind, id.kind.empty() ? "" : " ",
                  fmt::join(path, "."), what));
}

// What the tree shall be; `place` points into it.
TreeNode with_value(const TreeNode& root, const Path& path, const TreeNode& value) {
  TreeNode wanted = root;
  TreeNode* node = &wanted;
  std::size_t known = 0;
  for (bool found = true; found && known < path.size();) {
    found = false;
    for (TreeEntry& entry : node->entries) {
      if (entry.key.value != path[known]) continue;
      node = &entry.value;
      found = true;
      ++known;
      break;
    }
  }
  const Path missing(path.begin() + static_cast<std::ptrdiff_t>(known), path.end());
  const TreeNode inner = nested_value(missing, {value, ""}, 1).tree;
  if (missing.empty() || !node->is(Kind::kMap)) {
    *node = inner;
  } else {
    node->entries.push_back(inner.entries.front());
  }
  return wanted;
}

// Takes the first way whose text reads as `wanted`.
absl::Status prove(MachineConfig& config, Document& document, const std::vector<Splice>& ways,
                   const TreeNode& wanted, const Path& path) {
  const std::size_t size = document.end - document.begin;
  for (const Splice& way : ways) {
    std::string text = config.text.substr(document.begin, size);
    text.replace(way.at, way.length, way.with);
    auto root = parse_tree(text, document.first_line);
    if (!root.ok() || !same_text(*root, wanted)) continue;
    config.text.replace(document.begin, size, text);
    document.root = *std::move(root);
    document.end = document.begin + text.size();
    for (Document& other : config.documents) {
      if (other.begin <= document.begin) continue;
      other.begin = other.begin + text.size() - size;
      other.end = other.end + text.size() - size;
    }
    return absl::OkStatus();
  }
  return refused(config, document.id, path,
                 "is written in a way that cannot be edited without changing more; write it as "
                 "`key: value`, one a line, and try again");
}

Document* document_of(MachineConfig& config, const DocumentId& id) {
  for (Document& document : config.documents) {
    if (document.id == id) return &document;
  }
  return nullptr;
}

absl::Status add_document(MachineConfig& config, const DocumentId& id, const Path& path,
                          const Value& value) {
  std::string text = config.text;
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += fmt::format("---\napiVersion: v1alpha1\nkind: {}\n", id.kind);
  if (!id.name.empty()) text += fmt::format("name: {}\n", text_value(id.name).block);
  text += nested_value(path, value, 4).block + "\n";
  auto read = read_machine_config(std::move(text), config.file);
  if (!read.ok()) return read.status();
  if (read->documents.size() != config.documents.size() + 1) {
    return refused(config, id, path, "cannot be added: the text does not end with a document");
  }
  config = *std::move(read);
  return absl::OkStatus();
}

std::string_view view_of(const MachineConfig& config, const Document& document) {
  return std::string_view(config.text).substr(document.begin, document.end - document.begin);
}

}  // namespace

absl::Status put(MachineConfig& config, const DocumentId& id, const Path& path,
                 const Value& value) {
  Document* document = document_of(config, id);
  if (document == nullptr) return add_document(config, id, path, value);
  const Place place = find_place(document->root, path);
  if (place.missing.empty() && same_meaning(*place.node, value.tree)) return absl::OkStatus();
  const bool holds = place.node->is(Kind::kMap) || place.node->is(Kind::kNull);
  if (!place.missing.empty() && !holds) {
    return refused(config, id, path, "stands below something that is no map");
  }
  const auto ways = place.missing.empty()
                        ? replacements(view_of(config, *document), place, value)
                        : insertions(view_of(config, *document), place, value);
  return prove(config, *document, ways, with_value(document->root, path, value.tree), path);
}

absl::Status put_list(MachineConfig& config, const DocumentId& id, const Path& path,
                      const std::vector<ListItem>& items) {
  Document* document = document_of(config, id);
  const TreeNode* list = document == nullptr ? nullptr : document->root.at(path);
  TreeNode wanted = list_value({}).tree;
  wanted.made = false;
  std::string block;
  for (const ListItem& item : items) {
    if (const auto* index = std::get_if<std::size_t>(&item)) {
      wanted.items.push_back(list->items.at(*index));
    } else {
      const Value& value = std::get<Value>(item);
      wanted.items.push_back(value.tree);
      block += fmt::format("{}- {}", block.empty() ? "" : "\n", indented(value.block, 2));
    }
  }
  if (list == nullptr || !list->is(Kind::kSequence) || list->items.empty()) {
    if (items.empty()) return absl::OkStatus();
    return put(config, id, path, {wanted, block});
  }
  if (same_text(*list, wanted)) return absl::OkStatus();
  const Place place = find_place(document->root, path);
  return prove(config, *document, list_splices(view_of(config, *document), place, items),
               with_value(document->root, path, wanted), path);
}

}  // namespace vipd::talos
