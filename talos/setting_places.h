// Where each setting stands in either form. A part of talos/edit.cpp. Source: facts/talos.md 7.1.
#pragma once

#include <string>

#include "talos/era.h"

namespace vipd::talos {

struct SettingPlace {
  DocumentId document;
  Path path;
};

inline SettingPlace endpoint_place(const Form& form) {
  if (form.cluster) return {kClusterDocument, {"endpoint"}};
  return {kV1Alpha1, {"cluster", "controlPlane", "endpoint"}};
}

inline SettingPlace apiserver_sans_place(const Form& form) {
  if (form.apiserver) return {kApiserverDocument, {"certExtraSANs"}};
  return {kV1Alpha1, {"cluster", "apiServer", "certSANs"}};
}

inline SettingPlace talos_sans_place() { return {kV1Alpha1, {"machine", "certSANs"}}; }

inline SettingPlace argument_place(const Form& form, const std::string& name) {
  if (form.apiserver) return {kApiserverDocument, {"extraArgs", name}};
  return {kV1Alpha1, {"cluster", "apiServer", "extraArgs", name}};
}

inline SettingPlace etcd_subnets_place() {
  return {kV1Alpha1, {"cluster", "etcd", "advertisedSubnets"}};
}

inline SettingPlace node_subnets_place(const Form& form) {
  if (form.node) return {kNodeDocument, {"nodeIP", "validSubnets"}};
  return {kV1Alpha1, {"machine", "kubelet", "nodeIP", "validSubnets"}};
}

}  // namespace vipd::talos
