// Where the lab keeps what, below the one directory that `lab down` removes.
#pragma once

#include <string>

namespace vipd::lab {

struct Layout {
  std::string dir;  // absolute

  [[nodiscard]] std::string marker() const { return dir + "/lab.json"; }  // see directory.h
  [[nodiscard]] std::string socket() const { return dir + "/lab.sock"; }
  [[nodiscard]] std::string hetzner_socket() const { return dir + "/hetzner.sock"; }
  [[nodiscard]] std::string kubeconfig() const { return dir + "/kubeconfig"; }
  [[nodiscard]] std::string pki(const std::string& file) const { return dir + "/pki/" + file; }
  [[nodiscard]] std::string log(const std::string& name) const {
    return dir + "/logs/" + name + ".log";
  }
  [[nodiscard]] std::string node(const std::string& name) const { return dir + "/nodes/" + name; }
  // What a re-created node has lost: etcd's data and vipd's state.
  [[nodiscard]] std::string disk(const std::string& name) const { return node(name) + "/disk"; }
  // As /system/secrets/kubernetes/kube-apiserver and /system/secrets/etcd on Talos.
  [[nodiscard]] std::string kube(const std::string& name, const std::string& file) const {
    return node(name) + "/kube-apiserver/" + file;
  }
  [[nodiscard]] std::string etcd(const std::string& name, const std::string& file) const {
    return node(name) + "/etcd/" + file;
  }
  [[nodiscard]] std::string vipd_socket(const std::string& name) const {
    return disk(name) + "/vipd/vipd.sock";
  }
  [[nodiscard]] std::string apisim_socket(const std::string& name) const {
    return node(name) + "/apisim.sock";
  }
};

}  // namespace vipd::lab
