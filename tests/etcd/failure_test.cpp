#include "vipd/etcd/failure.h"

#include <string>

#include "tests/catch.h"
#include "vipd/etcd/convert.h"

namespace vipd::etcd {
namespace {

using grpc::Status;
using grpc::StatusCode;

const TlsFiles kFiles{"/pki/ca.crt", "/pki/client.crt", "/pki/client.key"};
const std::string kEndpoint = "https://127.0.0.1:2379";

std::string words(StatusCode code, const std::string& said) {
  return explain(kEndpoint, Status(code, said), kFiles, absl::OkStatus());
}

TEST_CASE("only what etcd surely refused counts as not applied [E21]", "[E21]") {
  CHECK(outcome_unknown(Status(StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded")));
  CHECK(outcome_unknown(Status(StatusCode::UNAVAILABLE, "Socket closed")));
  CHECK(outcome_unknown(Status(StatusCode::UNAVAILABLE, "etcdserver: request timed out")));
  CHECK(outcome_unknown(Status(StatusCode::UNAVAILABLE, "etcdserver: leader changed")));
  CHECK(outcome_unknown(Status(StatusCode::CANCELLED, "")));
  CHECK(outcome_unknown(Status(StatusCode::INTERNAL, "")));
  CHECK(outcome_unknown(Status(StatusCode::UNKNOWN, "")));
  CHECK(outcome_unknown(Status(StatusCode::RESOURCE_EXHAUSTED, "Received message larger")));

  CHECK_FALSE(outcome_unknown(Status(StatusCode::NOT_FOUND, "etcdserver: lease not found")));
  CHECK_FALSE(outcome_unknown(Status(StatusCode::INVALID_ARGUMENT, "etcdserver: duplicate key")));
  CHECK_FALSE(outcome_unknown(Status(StatusCode::PERMISSION_DENIED, "")));
  CHECK_FALSE(outcome_unknown(
      Status(StatusCode::RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded")));
}

TEST_CASE("a broken way is told from an etcd that is in trouble") {
  CHECK(connection_broken(Status(StatusCode::UNAVAILABLE, "Socket closed")));
  CHECK_FALSE(connection_broken(Status(StatusCode::UNAVAILABLE, "etcdserver: no leader")));
  CHECK_FALSE(connection_broken(Status(StatusCode::DEADLINE_EXCEEDED, "")));
}

TEST_CASE("a failure's words name endpoint, cause and next step") {
  CHECK(words(StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded") ==
        "etcd at https://127.0.0.1:2379: no answer before the deadline");
  CHECK(words(StatusCode::UNAVAILABLE, "etcdserver: no leader") ==
        "etcd at https://127.0.0.1:2379: etcdserver: no leader");
  CHECK(words(StatusCode::UNAVAILABLE, "x: certificate verify failed").find(kFiles.ca) !=
        std::string::npos);
  CHECK(words(StatusCode::UNAVAILABLE, "Endpoint read failed").find(kFiles.certificate) !=
        std::string::npos);
  CHECK(words(StatusCode::UNAVAILABLE, "Peer name a is not in peer certificate")
            .find("subjectAltName") != std::string::npos);
  CHECK(explain(kEndpoint, Status(StatusCode::UNAVAILABLE, "Socket closed"), kFiles,
                absl::FailedPreconditionError("/pki/client.crt expired")) ==
        "etcd at https://127.0.0.1:2379: Socket closed; /pki/client.crt expired");
  CHECK(to_absl(kEndpoint, Status(StatusCode::NOT_FOUND, "x"), kFiles).code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE("a prefix ends before the first key that does not begin with it") {
  CHECK(end_of_prefix("/vipd/a/api/") == "/vipd/a/api0");
  CHECK(end_of_prefix("a\xff\xff") == "b");
}

}  // namespace
}  // namespace vipd::etcd
