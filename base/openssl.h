// Ownership and errors of OpenSSL's C objects; for the .cpp files that speak to OpenSSL only.
//
// Errors  openssl_error() takes OpenSSL's oldest reason and empties its per-thread queue.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/secret.h"

namespace vipd::base {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using X509ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
using GeneralNamePtr = std::unique_ptr<GENERAL_NAME, Freer<GENERAL_NAME_free>>;

// InvalidArgument "<what>: <OpenSSL's reason>".
absl::Status openssl_error(std::string_view what);

// The first certificate of a PEM text, and a private key. An encrypted key is refused.
absl::StatusOr<X509Ptr> certificate_from_pem(std::string_view pem);
absl::StatusOr<PkeyPtr> key_from_pem(const Secret& pem);

}  // namespace vipd::base
