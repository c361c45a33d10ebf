#include "tools/lab/kube_apiserver.h"

#include <fmt/format.h>

#include "base/file.h"
#include "tools/lab/call.h"

namespace vipd::lab::kube_apiserver {
namespace {

constexpr Millis kPatience{2000};

// The server's own address, not the Floating IP: this node's apiserver is meant.
absl::StatusOr<base::HttpResponse> ask(const Layout& layout, const NodePlan& node,
                                       const std::string& method, const std::string& path,
                                       const base::Json& body = nullptr) {
  const auto ca = base::read_file(layout.pki("kube-ca.crt"));
  const auto certificate = base::read_file(layout.pki("admin.crt"));
  const auto key = base::read_file(layout.pki("admin.key"));
  for (const auto* file : {&ca, &certificate, &key})
    if (!file->ok()) return file->status();
  base::HttpRequest request;
  request.method = method;
  request.url = fmt::format("https://{}:6443{}", node.public_v4, path);
  request.tls.ca_pem = *ca;
  request.tls.cert_pem = *certificate;
  request.tls.key_pem = base::Secret(*key);
  if (!body.is_null()) {
    request.headers = {{"Content-Type", method == "PATCH" ? "application/merge-patch+json"
                                                          : "application/json"}};
    request.body = body.dump();
  }
  return exchange(std::move(request), kPatience);
}

std::string node_path(const NodePlan& node) { return "/api/v1/nodes/" + node.name; }

absl::Status expect(const absl::StatusOr<base::HttpResponse>& answer, const std::string& what) {
  if (!answer.ok()) return answer.status();
  if (answer->status < 300) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}: kube-apiserver answers {}: {}", what,
                                            answer->status, answer->body.substr(0, 200)));
}

}  // namespace

absl::StatusOr<base::Json> state(const Layout& layout, const NodePlan& node) {
  const auto readyz = ask(layout, node, "GET", "/readyz");
  if (!readyz.ok()) return readyz.status();
  base::Json out = {
      {"ready", readyz->status == 200}, {"cordoned", false}, {"checks", readyz->body}};
  const auto object = ask(layout, node, "GET", node_path(node));
  if (!object.ok() || object->status != 200) return out;
  const auto json = base::parse_json(object->body);
  if (json.ok() && json->contains("spec"))
    out["cordoned"] = base::json_bool((*json)["spec"], "unschedulable").value_or(false);
  return out;
}

absl::Status register_node(const Layout& layout, const NodePlan& node) {
  const auto there = ask(layout, node, "GET", node_path(node));
  if (there.ok() && there->status == 200) return absl::OkStatus();
  const base::Json object = {
      {"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", node.name}}}};
  return expect(ask(layout, node, "POST", "/api/v1/nodes", object), "make Node " + node.name);
}

absl::Status set_cordoned(const Layout& layout, const NodePlan& node, bool cordoned) {
  const base::Json patch = {{"spec", {{"unschedulable", cordoned}}}};
  return expect(ask(layout, node, "PATCH", node_path(node), patch), "cordon " + node.name);
}

}  // namespace vipd::lab::kube_apiserver
