#include "vipd/etcd/credentials.h"

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/x509.h"

namespace vipd::etcd {
namespace {

absl::StatusOr<std::string> read(const std::string& path) {
  absl::StatusOr<std::string> content = base::read_file(path);
  if (!content.ok()) {
    return absl::Status(content.status().code(),
                        absl::StrCat(content.status().message(),
                                     "; it is needed to reach etcd: mount it or correct the path"));
  }
  if (content->empty()) {
    return absl::DataLossError(absl::StrCat(path, " is empty; it is being rewritten, or broken"));
  }
  return content;
}

absl::Status check(const std::string& path, const std::string& pem, base::WallTime now) {
  const absl::StatusOr<base::Certificate> certificate = base::read_certificate(pem);
  if (!certificate.ok()) {
    return absl::DataLossError(absl::StrCat(path, " holds no certificate that can be read: ",
                                            certificate.status().message()));
  }
  if (certificate->not_after.seconds < now.seconds) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " expired at ", base::rfc3339(certificate->not_after),
                     "; have it renewed, or set this node's clock"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Credentials> read_credentials(const TlsFiles& files, base::WallTime now) {
  Credentials credentials;
  absl::StatusOr<std::string> ca = read(files.ca);
  if (!ca.ok()) return ca.status();
  credentials.ca_pem = *std::move(ca);
  absl::StatusOr<std::string> certificate = read(files.certificate);
  if (!certificate.ok()) return certificate.status();
  credentials.certificate_pem = *std::move(certificate);
  absl::StatusOr<std::string> key = read(files.key);
  if (!key.ok()) return key.status();
  credentials.key_pem = base::Secret(*std::move(key));

  if (absl::Status status = check(files.ca, credentials.ca_pem, now); !status.ok()) return status;
  if (absl::Status status = check(files.certificate, credentials.certificate_pem, now);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = base::check_key_pair(credentials.certificate_pem, credentials.key_pem);
      !status.ok()) {
    return absl::DataLossError(absl::StrCat(
        files.key, " is not the key of ", files.certificate, " (", status.message(),
        "); they are being rewritten, or one of them is from elsewhere"));
  }
  return credentials;
}

}  // namespace vipd::etcd
