#include "vipd/probe/credentials.h"

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/x509.h"

namespace vipd::probe {
namespace {

std::string told(const absl::Status& status, bool old_in_use) {
  return absl::StrCat(std::string(status.message()), old_in_use ? " (the old one is in use)" : "");
}

}  // namespace

const base::TlsClient& Credentials::refresh() {
  refresh_authority();
  refresh_key_pair();
  return in_use_;
}

std::string Credentials::problem() const {
  const char* between = authority_problem_.empty() || key_pair_problem_.empty() ? "" : "; ";
  return absl::StrCat(authority_problem_, between, key_pair_problem_);
}

void Credentials::refresh_authority() {
  const auto pem = base::read_file(files_.ca_file);
  absl::Status status = pem.status();
  if (status.ok() && *pem != in_use_.ca_pem) {
    status = base::read_certificate(*pem).status();
    if (status.ok()) in_use_.ca_pem = *pem;
  }
  authority_problem_ =
      status.ok() ? "" : absl::StrCat("CA: ", told(status, !in_use_.ca_pem.empty()));
}

void Credentials::refresh_key_pair() {
  if (files_.cert_file.empty() || files_.key_file.empty()) {
    key_pair_problem_ = "no client certificate is configured";
    return;
  }
  const auto cert = base::read_file(files_.cert_file);
  auto key = base::read_file(files_.key_file);
  absl::Status status = cert.ok() ? key.status() : cert.status();
  if (status.ok()) {
    base::Secret key_pem(*std::move(key));
    if (*cert != in_use_.cert_pem || key_pem != in_use_.key_pem) {
      status = base::check_key_pair(*cert, key_pem);
      if (status.ok()) {
        in_use_.cert_pem = *cert;
        in_use_.key_pem = std::move(key_pem);
      }
    }
  }
  key_pair_problem_ = status.ok() ? ""
                                  : absl::StrCat("client certificate: ",
                                                 told(status, !in_use_.cert_pem.empty()));
}

}  // namespace vipd::probe
