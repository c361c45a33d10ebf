#include "vipd/etcd/failure.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace vipd::etcd {
namespace {

bool said_by_etcd(const grpc::Status& status) {
  return absl::StartsWith(status.error_message(), "etcdserver: ");
}

// What gRPC 1.51 says of a handshake names neither file nor remedy.
std::string hint(const std::string& endpoint, const std::string& said, const TlsFiles& files) {
  const auto speaks_of = [text = absl::AsciiStrToLower(said)](absl::string_view what) {
    return absl::StrContains(text, what);
  };
  if (speaks_of("is not in peer certificate")) {
    return absl::StrCat("; its certificate does not name the host of ", endpoint,
                        ": use an address in its subjectAltName");
  }
  if (speaks_of("certificate verify failed")) {
    return absl::StrCat("; its certificate is expired, or not signed by ", files.ca,
                        ": use the CA of this cluster's etcd");
  }
  // Under TLS 1.3 a client learns only from the end of the connection that it was refused.
  if (speaks_of("endpoint read failed") || speaks_of("connection reset") ||
      speaks_of("socket closed") || speaks_of("broken pipe")) {
    return absl::StrCat("; if this goes on, etcd may be refusing ", files.certificate,
                        ": it must be signed by the CA etcd trusts");
  }
  return "";
}

}  // namespace

bool outcome_unknown(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
      return false;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:  // gRPC's own: an answer that was too large
      return !said_by_etcd(status);
    default:
      return true;
  }
}

bool connection_broken(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE && !said_by_etcd(status);
}

std::string explain(const std::string& endpoint, const grpc::Status& status, const TlsFiles& files,
                    const absl::Status& problem) {
  const std::string& said = status.error_message();
  std::string why = absl::StrCat("etcd at ", endpoint, ": ");
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    absl::StrAppend(&why, "no answer before the deadline");
  } else if (status.ok()) {
    absl::StrAppend(&why, "it closed the stream");
  } else if (said.empty()) {
    absl::StrAppend(&why, "gRPC code ", static_cast<int>(status.error_code()));
  } else {
    absl::StrAppend(&why, said);
  }
  if (!problem.ok()) return absl::StrCat(why, "; ", problem.message());
  if (connection_broken(status)) absl::StrAppend(&why, hint(endpoint, said, files));
  return why;
}

absl::Status to_absl(const std::string& endpoint, const grpc::Status& status,
                     const TlsFiles& files) {
  if (status.ok()) return absl::OkStatus();
  // Both use the same numbers for the same codes.
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      explain(endpoint, status, files, absl::OkStatus()));
}

}  // namespace vipd::etcd
