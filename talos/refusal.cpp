#include "talos/refusal.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"

namespace vipd::talos {
namespace {

constexpr std::size_t kLongestText = 800;
const char* const kOtherCertificate =
    "use a talosconfig that is valid for this cluster (talosctl config new FILE)";

bool speaks_of(std::string_view said, const char* what) {
  const std::string text = absl::AsciiStrToLower({said.data(), said.size()});
  return text.find(what) != std::string::npos;
}

bool connection_ended(std::string_view said) {
  return speaks_of(said, "socket closed") || speaks_of(said, "connection reset") ||
         speaks_of(said, "broken pipe") || speaks_of(said, "endpoint read failed") ||
         speaks_of(said, "recvmsg") || speaks_of(said, "alert");
}

std::string whom(const Question& question) {
  return question.node.empty() ? fmt::format("{} at {}", question.method.name, question.endpoint)
                               : fmt::format("{} on {} through {}", question.method.name,
                                             question.node, question.endpoint);
}

std::vector<std::string> enough(Needs needs) {
  switch (needs) {
    case Needs::kReader: return {"os:reader", "os:operator", "os:admin"};
    case Needs::kEtcdReader: return {"os:reader", "os:operator", "os:etcd:backup", "os:admin"};
    case Needs::kAdmin: return {"os:admin"};
  }
  return {};
}

std::string denied(const Question& question, const Identity& identity) {
  const std::vector<std::string> wanted = enough(question.method.needs);
  const auto& held = identity.roles;
  const bool holds_one = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& role) {
    return std::find(held.begin(), held.end(), role) != held.end();
  });
  const std::string roles = held.empty() ? "none" : absl::StrJoin(held, ", ");
  if (holds_one) {
    return fmt::format("the certificate of context \"{}\" has {}, which should be enough: this "
                       "node does not offer the call to clients",
                       identity.context, roles);
  }
  return fmt::format("it needs the role {}, and the certificate of context \"{}\" has {}: have "
                     "one made with talosctl config new --roles {} FILE",
                     absl::StrJoin(wanted, " or "), identity.context, roles, wanted.front());
}

std::string hint(const Question& question, const Identity& identity, absl::StatusCode code,
                 std::string_view said) {
  switch (code) {
    case absl::StatusCode::kPermissionDenied:
      if (!speaks_of(said, "no request forwarding")) return denied(question, identity);
      return fmt::format("{} is a worker, and those pass nothing on: take a control-plane node as "
                         "the endpoint (-e)",
                         question.endpoint);
    case absl::StatusCode::kDeadlineExceeded:
      return "nothing came before the deadline: allow more time, or see whether the node is up";
    case absl::StatusCode::kNotFound:
      return "the node has nothing of this name: it may be of another kind, or not started yet";
    case absl::StatusCode::kUnimplemented:
      return "this node's Talos does not offer the call: compare with talosctl version";
    case absl::StatusCode::kResourceExhausted:
      return "the answer is larger than a message may be";
    case absl::StatusCode::kUnauthenticated:
      return fmt::format("the certificate of context \"{}\" was not accepted: {}",
                         identity.context, kOtherCertificate);
    case absl::StatusCode::kUnavailable:
      break;
    default:
      return "";
  }
  if (connection_ended(said)) return "the connection broke: see whether the node is restarting";
  return question.node.empty()
             ? "see whether the node is up"
             : fmt::format("{} answered, but did not reach {}: see whether that node is up",
                           question.endpoint, question.node);
}

}  // namespace

std::string one_line(std::string_view text) {
  const bool cut = text.size() > kLongestText;
  std::string line(text.substr(0, kLongestText));
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return cut ? line + "..." : line;
}

bool never_connected(absl::StatusCode code, std::string_view said) {
  return code == absl::StatusCode::kUnavailable &&
         (speaks_of(said, "failed to connect to all addresses") ||
          speaks_of(said, "dns resolution failed") || speaks_of(said, "empty address list"));
}

absl::Status refusal(const Question& question, const Identity& identity, absl::StatusCode code,
                     std::string_view said) {
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  const std::string step = hint(question, identity, code, said);
  std::string text = fmt::format("{}: {}", whom(question), one_line(said));
  if (!step.empty()) text += "; " + step;
  return absl::Status(code, text);
}

absl::Status unreachable(const std::string& endpoint, std::string_view said) {
  if (speaks_of(said, "is not in peer certificate")) {
    return absl::UnauthenticatedError(
        fmt::format("{}: its certificate does not name this host: use an address that it names, "
                    "or put this one into machine.certSANs",
                    endpoint));
  }
  if (speaks_of(said, "certificate verify failed")) {
    return absl::UnauthenticatedError(
        fmt::format("{}: its certificate is not signed by the CA of this context, or not valid "
                    "now: use this cluster's talosconfig, and compare the clocks",
                    endpoint));
  }
  if (speaks_of(said, "wrong version number") || speaks_of(said, "no protocols available")) {
    return absl::UnavailableError(
        fmt::format("{}: what answers there is no machine API: see the port", endpoint));
  }
  if (speaks_of(said, "dns resolution failed") || speaks_of(said, "empty address list")) {
    return absl::UnavailableError(fmt::format("{}: the name does not resolve", endpoint));
  }
  // Under TLS 1.3 a client learns only from the end of the connection that it was refused.
  if (connection_ended(said)) {
    return absl::UnavailableError(
        fmt::format("{}: it ended the connection at once; it may be refusing the certificate of "
                    "this context: {}",
                    endpoint, kOtherCertificate));
  }
  if (speaks_of(said, "connection refused")) {
    return absl::UnavailableError(
        fmt::format("{}: connection refused: is the node up, and is this its port?", endpoint));
  }
  return absl::UnavailableError(fmt::format("{}: {}", endpoint, one_line(said)));
}

absl::Status no_endpoint(const Method& method, const std::string& node, const Identity& identity,
                         const std::vector<absl::Status>& causes) {
  const std::string asked =
      node.empty() ? method.name : fmt::format("{} on {}", method.name, node);
  if (causes.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("{}: context \"{}\" has no endpoints: name a control-plane node with -e, or "
                    "once for all with talosctl config endpoint",
                    asked, identity.context));
  }
  const bool all_mistrusted =
      std::all_of(causes.begin(), causes.end(), [](const absl::Status& cause) {
        return cause.code() == absl::StatusCode::kUnauthenticated;
      });
  return absl::Status(
      all_mistrusted ? absl::StatusCode::kUnauthenticated : absl::StatusCode::kUnavailable,
      fmt::format("{}: no endpoint of context \"{}\" can be used:\n  {}", asked, identity.context,
                  absl::StrJoin(causes, "\n  ", [](std::string* out, const absl::Status& cause) {
                    out->append(cause.message().data(), cause.message().size());
                  })));
}

absl::Status check_validity(const Identity& identity, base::WallTime now) {
  const bool over = identity.not_after.seconds < now.seconds;
  if (!over && identity.not_before.seconds <= now.seconds) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("the certificate of context \"{}\" {} {}: {}, or set this machine's clock",
                  identity.context, over ? "expired at" : "is not valid before",
                  base::rfc3339(over ? identity.not_after : identity.not_before),
                  kOtherCertificate));
}

}  // namespace vipd::talos
