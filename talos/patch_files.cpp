#include "talos/patch_files.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "talos/text_edit.h"
#include "talos/yaml_extent.h"

namespace vipd::talos {
namespace {

// The lines of an item as if it stood at column 0.
std::string dedented(std::string_view text, std::size_t columns) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    out += text[at];
    if (text[at++] != '\n') continue;
    const std::size_t spaces = text.find_first_not_of(' ', at);
    const std::size_t some = std::min(spaces, text.size()) - at;
    at += std::min(some, columns);
  }
  return out;
}

Value kept_item(const MachineConfig& live, const Edit& edit, std::size_t index) {
  const Document& document = *live.find(edit.document);
  const TreeNode& item = document.root.at(edit.path)->items.at(index);
  const std::string_view text(live.text);
  const std::string_view whole = text.substr(document.begin, document.end - document.begin);
  return {item, dedented(whole.substr(item.begin, item.end - item.begin),
                         column_of(whole, item.begin))};
}

// The list as a patch must have it.
Value list_of(const std::vector<Value>& items) {
  Value list = list_value({});
  if (!items.empty()) list.block.clear();
  for (const Value& item : items) {
    list.block += fmt::format("{}- {}", list.block.empty() ? "" : "\n", indented(item.block, 2));
    list.tree.items.push_back(item.tree);
  }
  return list;
}

class Files {
 public:
  explicit Files(const MachineConfig* live) : live_(live) {}

  absl::Status add(const Edit& edit) {
    if (!edit.appends) return write(edit.file, edit, edit.path, edit.value);
    const TreeNode* there = live_ == nullptr ? nullptr : live_->find(edit.document, edit.path);
    const std::size_t count = there == nullptr ? 0 : there->items.size();
    bool appends_only = edit.items.size() >= count;
    for (std::size_t i = 0; i < count && appends_only; ++i) {
      const auto* kept = std::get_if<std::size_t>(&edit.items[i]);
      appends_only = kept != nullptr && *kept == i;
    }
    std::vector<Value> items;
    for (std::size_t i = appends_only ? count : 0; i < edit.items.size(); ++i) {
      const auto* kept = std::get_if<std::size_t>(&edit.items[i]);
      items.push_back(kept == nullptr ? std::get<Value>(edit.items[i])
                                      : kept_item(*live_, edit, *kept));
    }
    if (!appends_only) {
      Path path = edit.path;
      path.emplace_back("$patch");
      Edit clear = edit;
      clear.why = "Applied once, before the file with the whole list: Talos' merge only appends.";
      const std::string name = edit.file.substr(edit.file.find('-'));
      const auto status = write("clear" + name, clear, path, text_value("delete"));
      if (!status.ok()) return status;
    }
    if (items.empty()) return absl::OkStatus();
    return write(edit.file, edit, edit.path, list_of(items));
  }

  std::vector<PatchFile> result() && {
    std::vector<PatchFile> files;
    for (auto& [name, file] : files_) {
      files.push_back({file.scope, name + ".yaml", file.header + file.config.text});
    }
    return files;
  }

 private:
  struct File {
    Scope scope = Scope::kControlPlanes;
    std::string header;
    MachineConfig config;
  };

  absl::Status write(const std::string& name, const Edit& edit, const Path& path,
                     const Value& value) {
    const auto known = files_.find(name);
    if (known != files_.end()) return put(known->second.config, edit.document, path, value);
    File file;
    file.scope = edit.scope;
    file.header = fmt::format("# {}\n# Rendered by vipctl from vipd.yaml: change that, not this.\n",
                              edit.why);
    file.config.file = name;
    if (!edit.document.kind.empty()) {
      file.config.text = fmt::format("apiVersion: v1alpha1\nkind: {}\n", edit.document.kind);
    }
    if (!edit.document.name.empty()) {
      file.config.text += fmt::format("name: {}\n", text_value(edit.document.name).block);
    }
    file.config.text += nested_value(path, value, 2).block + "\n";
    auto documents = read_documents(file.config.text, name);
    if (!documents.ok()) return documents.status();
    file.config.documents = *std::move(documents);
    files_.emplace(name, std::move(file));
    return absl::OkStatus();
  }

  const MachineConfig* live_;
  std::map<std::string, File> files_;  // by name
};

}  // namespace

absl::StatusOr<std::vector<PatchFile>> patch_files(const std::vector<Edit>& edits,
                                                   const MachineConfig* live) {
  Files files(live);
  for (const Edit& edit : edits) {
    if (const auto status = files.add(edit); !status.ok()) return status;
  }
  return std::move(files).result();
}

}  // namespace vipd::talos
