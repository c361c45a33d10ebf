#include "talos/pod_edit.h"

#include <utility>

#include <fmt/format.h>

namespace vipd::talos {
namespace {

using Kind = TreeNode::Kind;

const Path kPods = {"machine", "pods"};

// Talos takes what is not said for "default" (facts/talos.md 3.1).
bool is_pod(const TreeNode& node, const Pod& pod) {
  const auto said = [&](const char* key) {
    const TreeNode* text = node.at({"metadata", key});
    return text == nullptr || text->value.empty() ? std::string("default") : text->value;
  };
  return said("name") == pod.name && said("namespace") == pod.name_space;
}

const Document* document_with(const Pod& pod, const MachineConfig& live) {
  for (const Document& document : live.documents) {
    if (document.id.kind != kStaticPodKind) continue;
    const TreeNode* node = document.root.find("pod");
    if (document.id.name == pod.name || (node != nullptr && is_pod(*node, pod))) return &document;
  }
  return nullptr;
}

std::optional<Edit> as_document(Edit edit, const Pod& pod, const Document* there, Value value) {
  const TreeNode* node = there == nullptr ? nullptr : there->root.find("pod");
  if (node != nullptr && same_meaning(*node, value.tree)) return std::nullopt;
  edit.document = {kStaticPodKind, there == nullptr ? pod.name : there->id.name};
  edit.path = {"pod"};
  edit.value = std::move(value);
  return edit;
}

std::optional<Edit> as_list_item(Edit edit, const TreeNode* pods, const Pod& pod, Value value) {
  bool found = false;
  bool same = false;
  for (std::size_t i = 0; pods != nullptr && i < pods->items.size(); ++i) {
    if (!is_pod(pods->items[i], pod)) {
      edit.items.emplace_back(i);
    } else if (!found) {
      found = true;
      same = same_meaning(pods->items[i], value.tree);
      edit.items.emplace_back(same ? ListItem(i) : ListItem(value));
    } else {
      same = false;  // a second one, as Talos' merge leaves it: goes
    }
  }
  if (found && same) return std::nullopt;
  if (!found) edit.items.emplace_back(value);
  edit.document = kV1Alpha1;
  edit.path = kPods;
  edit.value = list_value({});
  edit.value.tree.items.push_back(value.tree);
  edit.value.block = "- " + indented(value.block, 2);
  edit.appends = true;
  return edit;
}

}  // namespace

absl::StatusOr<std::optional<Edit>> pod_edit(const Pod& pod, const Form& form,
                                             const MachineConfig* live) {
  auto value = block_value(pod.manifest);
  if (!value.ok()) return value.status();
  Edit edit{.file = "run-vipd", .why = "vipd itself, as a static pod."};
  const TreeNode* pods = live == nullptr ? nullptr : live->find(kV1Alpha1, kPods);
  const Document* document = live == nullptr ? nullptr : document_with(pod, *live);
  bool listed = false;
  if (pods != nullptr) {
    for (const TreeNode& item : pods->items) listed = listed || is_pod(item, pod);
  }
  if (listed && document != nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("{}: the pod {}/{} is both in machine.pods and in a {}; remove one", live->file,
                    pod.name_space, pod.name, kStaticPodKind));
  }
  if (document != nullptr || (form.pods && !listed)) {
    return as_document(std::move(edit), pod, document, *std::move(value));
  }
  return as_list_item(std::move(edit), pods, pod, *std::move(value));
}

}  // namespace vipd::talos
