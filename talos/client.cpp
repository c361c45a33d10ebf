#include "talos/client.h"

#include <utility>

#include "talos/wire.h"

namespace vipd::talos {

Client::Client(const base::Clock& clock, Context context)
    : wire_(std::make_unique<Wire>(clock, std::move(context))) {}

Client::~Client() = default;

const std::vector<std::string>& Client::roles() const { return wire_->identity().roles; }

base::WallTime Client::expires() const { return wire_->identity().not_after; }

}  // namespace vipd::talos
