#include "vipd/etcd/quiet.h"

#include <stdlib.h>

namespace vipd::etcd {

void keep_grpc_quiet() { ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0); }

}  // namespace vipd::etcd
