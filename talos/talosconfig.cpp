#include "talos/talosconfig.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/x509.h"
#include "base/yaml.h"

namespace vipd::talos {
namespace {

using base::YamlNode;

const char* const kMakeOne = "have one made: talosctl config new --roles os:reader FILE";

bool is_present(const YamlNode* node) {
  return node != nullptr && node->kind != YamlNode::Kind::kNull &&
         !(node->kind == YamlNode::Kind::kScalar && node->scalar.empty());
}

// The list below `key`; one that is missing is empty.
absl::StatusOr<std::vector<std::string>> texts(const YamlNode& context, std::string_view key) {
  std::vector<std::string> found;
  const YamlNode* list = context.find(key);
  if (!is_present(list)) return found;
  if (list->kind != YamlNode::Kind::kSequence) {
    return list->problem(fmt::format("{} must be a list", key));
  }
  for (const YamlNode& item : list->items) {
    auto text = item.as_text();
    if (!text.ok()) return text.status();
    found.push_back(*std::move(text));
  }
  return found;
}

absl::StatusOr<base::Secret> pem(const YamlNode& context, std::string_view key) {
  const YamlNode* node = context.find(key);
  if (!is_present(node)) {
    return context.problem(fmt::format("the context has no {}; {}", key, kMakeOne));
  }
  const auto text = node->as_text();
  if (!text.ok()) return text.status();
  std::string decoded;
  if (!absl::Base64Unescape(*text, &decoded)) {
    return node->problem(fmt::format("{} is not base64 of a PEM text; {}", key, kMakeOne));
  }
  return base::Secret(std::move(decoded));
}

// Talos writes PKCS#8 under a label that OpenSSL refuses (facts/talos.md 4.1).
base::Secret with_known_label(const base::Secret& key) {
  return base::Secret(
      absl::StrReplaceAll({key.reveal().data(), key.reveal().size()},
                          {{"ED25519 PRIVATE KEY", "PRIVATE KEY"}}));
}

absl::Status check_supported(const YamlNode& context) {
  const YamlNode* auth = context.find("auth");
  if (auth != nullptr && is_present(auth->find("siderov1"))) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: this context signs in at Omni (siderov1) and holds no key; get a talosconfig with "
        "one from Omni (omnictl talosconfig --break-glass) or from a node",
        context.where));
  }
  if (is_present(context.find("proxy-url"))) {
    return absl::FailedPreconditionError(
        fmt::format("{}: proxy-url is not supported; use a context that reaches its endpoints "
                    "directly",
                    context.where));
  }
  return absl::OkStatus();
}

absl::Status read_credentials(const YamlNode& node, Context& context) {
  if (auto status = check_supported(node); !status.ok()) return status;
  const auto ca = pem(node, "ca");
  if (!ca.ok()) return ca.status();
  context.ca_pem = std::string(ca->reveal());
  const auto certificate = pem(node, "crt");
  if (!certificate.ok()) return certificate.status();
  context.certificate_pem = std::string(certificate->reveal());
  const auto key = pem(node, "key");
  if (!key.ok()) return key.status();
  context.key_pem = with_known_label(*key);

  if (const auto read = base::read_certificate(context.ca_pem); !read.ok()) {
    return node.problem(fmt::format("ca: {}; {}", std::string(read.status().message()), kMakeOne));
  }
  if (auto pair = base::check_key_pair(context.certificate_pem, context.key_pem); !pair.ok()) {
    return node.problem(fmt::format("crt and key: {}; {}", std::string(pair.message()), kMakeOne));
  }
  return absl::OkStatus();
}

absl::StatusOr<Context> read_context(const YamlNode& node, std::string_view name) {
  Context context;
  context.name = name;
  if (node.kind != YamlNode::Kind::kMap) {
    return node.problem(fmt::format("context \"{}\" must be a map", name));
  }
  const auto endpoints = texts(node, "endpoints");
  if (!endpoints.ok()) return endpoints.status();
  for (const std::string& text : *endpoints) {
    auto endpoint = Endpoint::parse(text);
    if (!endpoint.ok()) return node.problem(std::string(endpoint.status().message()));
    context.endpoints.push_back(*std::move(endpoint));
  }
  auto nodes = texts(node, "nodes");
  if (!nodes.ok()) return nodes.status();
  for (const std::string& text : *nodes) {
    if (const auto status = check_node(text); !status.ok()) {
      return node.problem(std::string(status.message()));
    }
  }
  context.nodes = *std::move(nodes);
  if (auto status = read_credentials(node, context); !status.ok()) return status;
  return context;
}

absl::Status no_such_context(const YamlNode& contexts, std::string_view file_name,
                             std::string_view wanted) {
  std::vector<std::string> names;
  for (const base::YamlEntry& entry : contexts.entries) names.push_back(entry.key);
  const std::string near = base::nearest(wanted, names);
  return absl::NotFoundError(fmt::format(
      "{}: {}; {}there {}: choose with --context", file_name,
      wanted.empty() ? "names no current context"
                     : fmt::format("has no context \"{}\"", wanted),
      near.empty() ? "" : fmt::format("did you mean \"{}\"? ", near),
      names.empty() ? "are none" : fmt::format("are {}", absl::StrJoin(names, ", "))));
}

}  // namespace

absl::StatusOr<std::string> find_talosconfig(const TalosconfigPlaces& places) {
  if (!places.flag.empty()) return places.flag;
  std::vector<std::string> candidates;
  if (!places.talosconfig.empty()) candidates.push_back(places.talosconfig);
  if (!places.talos_home.empty()) {
    candidates.push_back(places.talos_home + "/config");
  } else if (!places.home.empty()) {
    candidates.push_back(places.home + "/.talos/config");
  }
  candidates.push_back(places.in_pod);
  for (const std::string& path : candidates) {
    std::error_code ignored;  // one that may not be looked at is tried, and says so when read
    if (std::filesystem::exists(path, ignored) || ignored) return path;
  }
  return absl::NotFoundError(
      fmt::format("no talosconfig: there is no {}; name one with --talosconfig or TALOSCONFIG",
                  absl::StrJoin(candidates, ", no ")));
}

absl::StatusOr<Context> parse_talosconfig(std::string_view text, std::string_view file_name,
                                          std::string_view context) {
  const auto root = base::parse_yaml(text, file_name);
  if (!root.ok()) return root.status();
  const YamlNode* contexts = root->find("contexts");
  if (contexts == nullptr || contexts->kind != YamlNode::Kind::kMap) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not a talosconfig: it has no map \"contexts\"; {}", file_name,
                    kMakeOne));
  }
  std::string wanted(context);
  if (const YamlNode* current = root->find("context"); wanted.empty() && is_present(current)) {
    auto name = current->as_text();
    if (!name.ok()) return name.status();
    wanted = *std::move(name);
  }
  const YamlNode* chosen = wanted.empty() ? nullptr : contexts->find(wanted);
  if (chosen == nullptr) return no_such_context(*contexts, file_name, wanted);
  return read_context(*chosen, wanted);
}

absl::StatusOr<Context> read_talosconfig(const std::string& path, std::string_view context) {
  const auto text = base::read_file(path);
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        fmt::format("{}; a talosconfig is a small YAML file: name yours with "
                                    "--talosconfig or TALOSCONFIG",
                                    std::string(text.status().message())));
  }
  return parse_talosconfig(*text, path, context);
}

}  // namespace vipd::talos
