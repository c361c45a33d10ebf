#include "talos/resources.h"

#include <utility>

#include "talos/decode.h"
#include "talos/wire.h"

namespace vipd::talos {
namespace {

using cosi::resource::Event;

template <class Spec>
Method method(const char* verb) {
  const Kind kind = kind_of<Spec>();
  return {std::string(verb) + " " + kind.type, kind.sensitive ? Needs::kAdmin : Needs::kReader};
}

template <class Spec>
absl::StatusOr<Resource<Spec>> read(const cosi::resource::Resource& from, const Method& asked,
                                    const Target& target) {
  auto spec = decode<Spec>(from.spec().proto_spec());
  if (!spec.ok()) {
    return bad_answer(asked, target, std::string(spec.status().message()));
  }
  const auto& metadata = from.metadata();
  return Resource<Spec>{metadata.id(), metadata.version(), metadata.phase() == "tearingDown",
                        *std::move(spec)};
}

// Nothing for events that tell nothing new.
template <class Spec>
absl::StatusOr<std::optional<Change<Spec>>> change(const Event& event, const Method& asked,
                                                   const Target& target) {
  using What = typename Change<Spec>::What;
  switch (event.event_type()) {
    case Event::CREATED:
    case Event::UPDATED: {
      auto resource = read<Spec>(event.resource(), asked, target);
      if (!resource.ok()) return resource.status();
      return Change<Spec>{What::kIs, *std::move(resource)};
    }
    case Event::DESTROYED: {
      Resource<Spec> gone;
      gone.id = event.resource().metadata().id();
      return Change<Spec>{What::kGone, std::move(gone)};
    }
    case Event::BOOTSTRAPPED: return Change<Spec>{What::kCaughtUp, {}};
    case Event::ERRORED: return bad_answer(asked, target, event.error());
    default: return std::optional<Change<Spec>>();
  }
}

}  // namespace

template <class Spec>
absl::StatusOr<Resource<Spec>> get(const Client& client, const Target& target,
                                   const std::string& id) {
  const Kind kind = kind_of<Spec>();
  Method asked = method<Spec>("Get");
  asked.name += "/" + id;
  cosi::resource::GetRequest request;
  request.set_namespace_(kind.space);
  request.set_type(kind.type);
  request.set_id(id);
  cosi::resource::GetResponse response;
  const absl::Status status =
      client.wire().call(asked, target, [&](Stubs& stubs, grpc::ClientContext& context) {
        return stubs.state.Get(&context, request, &response);
      });
  if (!status.ok()) return status;
  return read<Spec>(response.resource(), asked, target);
}

template <class Spec>
absl::StatusOr<std::vector<Resource<Spec>>> list(const Client& client, const Target& target) {
  const Kind kind = kind_of<Spec>();
  const Method asked = method<Spec>("List");
  cosi::resource::ListRequest request;
  request.set_namespace_(kind.space);
  request.set_type(kind.type);
  std::vector<Resource<Spec>> found;
  absl::Status unread;
  const absl::Status status =
      client.wire().call(asked, target, [&](Stubs& stubs, grpc::ClientContext& context) {
        const auto reader = stubs.state.List(&context, request);
        cosi::resource::ListResponse response;
        while (reader->Read(&response)) {
          auto resource = read<Spec>(response.resource(), asked, target);
          unread.Update(resource.status());
          if (resource.ok()) found.push_back(*std::move(resource));
        }
        return reader->Finish();
      });
  if (!status.ok()) return status;
  if (!unread.ok()) return unread;
  return found;
}

template <class Spec>
absl::Status watch(const Client& client, const Target& target,
                   const std::optional<std::string>& id,
                   const std::function<bool(const Change<Spec>&)>& told) {
  const Kind kind = kind_of<Spec>();
  const Method asked = method<Spec>("Watch");
  cosi::resource::WatchRequest request;
  request.set_namespace_(kind.space);
  request.set_type(kind.type);
  request.set_api_version(1);
  if (id) request.set_id(*id);
  request.mutable_options()->set_bootstrap_contents(!id);

  std::optional<absl::Status> ended;  // by us, as opposed to by the node
  const auto tell_all = [&](const cosi::resource::WatchResponse& response) {
    for (const Event& event : response.event()) {
      const auto news = change<Spec>(event, asked, target);
      if (!news.ok()) ended = news.status();
      if (news.ok() && *news && !told(**news)) ended = absl::OkStatus();
      if (ended) return;
    }
  };
  const absl::Status status =
      client.wire().call(asked, target, [&](Stubs& stubs, grpc::ClientContext& context) {
        const auto reader = stubs.state.Watch(&context, request);
        cosi::resource::WatchResponse response;
        while (!ended && reader->Read(&response)) tell_all(response);
        if (ended) context.TryCancel();
        return reader->Finish();
      });
  if (ended) return *ended;
  if (status.ok()) return bad_answer(asked, target, "the node ended the watch");
  return status;
}

#define VIPD_TALOS_RESOURCE(Spec)                                                         \
  template absl::StatusOr<Resource<Spec>> get(const Client&, const Target&,               \
                                              const std::string&);                        \
  template absl::StatusOr<std::vector<Resource<Spec>>> list(const Client&, const Target&); \
  template absl::Status watch(const Client&, const Target&, const std::optional<std::string>&, \
                              const std::function<bool(const Change<Spec>&)>&);
VIPD_TALOS_RESOURCE(MachineConfig)
VIPD_TALOS_RESOURCE(Member)
VIPD_TALOS_RESOURCE(NodeAddresses)
VIPD_TALOS_RESOURCE(NodeIps)
VIPD_TALOS_RESOURCE(EtcdSpec)
VIPD_TALOS_RESOURCE(StaticPodStatus)
VIPD_TALOS_RESOURCE(CertSans)
#undef VIPD_TALOS_RESOURCE

}  // namespace vipd::talos
