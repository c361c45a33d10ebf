// What an answer of kube-apiserver means. Pure.
//
// Source  /readyz: 200 "ok", or 500 with one line "[+]name ok" or "[-]name failed: reason" per
//         check (k8s.io/apiserver pkg/server/healthz/healthz.go). `shutdown` is the check that
//         fails as soon as the server has begun to stop (pkg/server/healthz.go).
//         Node: while kubelet shuts the node down its Ready condition is False, reason
//         KubeletNotReady, and the message holds "node is shutting down"
//         (kubelet nodestatus/setters.go, nodeshutdown_manager_linux.go).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/http_client.h"
#include "base/ip.h"
#include "vipd/core/event.h"

namespace vipd::probe {

// The call id and sent_at are the caller's to fill in. `credentials_problem` is told where it
// may be the cause.
[[nodiscard]] core::ReadyzAnswer judge_readyz(const absl::StatusOr<base::HttpResponse>& answer,
                                              const std::string& credentials_problem);

// Life only: a peer that answers with a TLS alert lives, one that speaks something else or
// nothing does not.
[[nodiscard]] core::TlsAnswer judge_handshake(const absl::StatusOr<base::TlsHandshake>& answer);

[[nodiscard]] core::CertificateSeen judge_certificate(
    const absl::StatusOr<base::TlsHandshake>& answer, const base::IpAddress& address);

[[nodiscard]] core::OwnNode judge_node(const absl::StatusOr<base::HttpResponse>& answer,
                                       const std::string& credentials_problem);

}  // namespace vipd::probe
