#include "tests/talos_config/generator.h"

#include <algorithm>

#include <fmt/format.h>

namespace vipd::talos {
namespace {

Made text(const std::string& value) { return {Made::Kind::kText, value, {}, {}}; }
Made raw(const std::string& value) { return {Made::Kind::kRaw, value, {}, {}}; }
Made map() { return {Made::Kind::kMap, "", {}, {}}; }

Made document(const std::string& kind) {
  Made made = map();
  made["apiVersion"] = text("v1alpha1");
  made["kind"] = text(kind);
  return made;
}

bool has_block(const Made& value) {
  if (value.kind == Made::Kind::kRaw && value.text.find('\n') != value.text.npos) return true;
  return std::any_of(value.items.begin(), value.items.end(), has_block) ||
         std::any_of(value.entries.begin(), value.entries.end(),
                     [](const MadeEntry& entry) { return has_block(entry.value); });
}

}  // namespace

Made& Made::operator[](const std::string& key) {
  kind = Kind::kMap;
  for (auto& [name, value] : entries) {
    if (name == key) return value;
  }
  return entries.emplace_back(MadeEntry{key, Made{}}).value;
}

Made Generator::texts(std::vector<std::string> pool) {
  Made list{Made::Kind::kList, "", {}, {}};
  for (const std::string& each : pool) {
    if (chance(60)) list.items.push_back(text(each));
  }
  if (list.items.empty() && chance(30)) return Made{};
  return list;
}

Made Generator::anything(int depth) {
  static const std::vector<std::string> kRaws = {
      "0o600", "0400", "\"1234\"", "'0x1f'", "1.50", "true", "\"yes\"", "12", "''", "~", "null",
      "|\n-----BEGIN CERTIFICATE-----\nMIIB: # no comment\n-----END CERTIFICATE-----",
      "|-\nlast line\n\n  indented", "|+\nkept\n", ">\nfolded\nlines", "\"esc \\\" # aped\\n\"",
      "'it''s: so'", "LS0tLS1CRUdJTi0tLS0tCg==", "a plain text#no comment", "2026-01-02", "\"{}\""};
  const int roll = below(depth > 2 ? 6 : 10);
  if (roll < 6) {
    return raw(kRaws[static_cast<std::size_t>(below(static_cast<int>(kRaws.size())))]);
  }
  if (roll < 8) {
    Made list{Made::Kind::kList, "", {}, {}};
    for (int i = below(4); i > 0; --i) list.items.push_back(anything(depth + 1));
    return list;
  }
  Made inner = map();
  fill(inner, depth + 1);
  return inner;
}

void Generator::fill(Made& into, int depth) {
  static const std::vector<std::string> kKeys = {"image", "extra", "permissions", "key-1", "on",
                                                 "some.dotted/key", "crt", "x"};
  for (int i = below(4); i > 0; --i) {
    into[kKeys[static_cast<std::size_t>(below(static_cast<int>(kKeys.size())))]] = anything(depth);
  }
}

Made Generator::one_document() {
  Made whole = map();
  whole["version"] = text("v1alpha1");
  Made& machine = whole["machine"];
  machine["type"] = text("controlplane");
  if (chance(60)) machine["certSANs"] = texts({"203.0.113.10", "a.example", "9.9.9.9"});
  if (chance(50)) fill(machine["install"], 0);
  if (chance(50)) machine["files"] = anything(0);
  whole["cluster"]["id"] = raw("\"0000\"");
  if (chance(30)) whole["cluster"]["etcd"] = Made{};
  if (chance(60)) fill(whole["cluster"]["etcd"], 1);
  if (chance(40)) {
    whole["cluster"]["etcd"]["advertisedSubnets"] = texts({"10.0.1.0/24", "10.9.0.0/16"});
  }
  return whole;
}

std::vector<Made> Generator::other_documents(Made& first) {
  const int era = below(3);
  const auto document_form = [&] { return era == 2 && chance(70); };
  std::vector<Made> others;
  if (era > 0) others.push_back(document("HostnameConfig"));
  if (era > 0 && chance(50)) fill(others.emplace_back(document("FancyConfig")), 0);
  const bool cluster = document_form();
  if (cluster) {
    others.push_back(document("KubeClusterConfig"));
    others.back()["clusterName"] = text("prod");
    others.back()["endpoint"] = text("https://49.13.53.183:6443");
  } else {
    first["cluster"]["controlPlane"]["endpoint"] = text("https://49.13.53.183:6443");
  }
  Made server;
  if (chance(70)) fill(server, 1);
  const bool server_document = document_form();
  if (chance(60)) {
    server[server_document ? "certExtraSANs" : "certSANs"] =
        texts({"49.13.53.183", "api.example.com", "203.0.113.10"});
  }
  if (chance(50)) server["extraArgs"]["feature-gates"] = text("A=true");
  if (chance(20)) server["extraArgs"]["shutdown-delay-duration"] = text("9s");
  if (server_document) {
    others.push_back(document("KubeAPIServerConfig"));
    for (auto& [key, value] : server.entries) others.back()[key] = value;
  } else if (chance(80)) {
    first["cluster"]["apiServer"] = server;
  }
  if (document_form()) {
    others.push_back(document("KubeServiceAccountConfig"));
    others.back()["issuer"]["issuerURL"] = text("https://49.13.53.183:6443");
    others.back()["issuer"]["privateKey"] = raw("|\n-----BEGIN KEY-----\nAAAA\n-----END KEY-----");
  }
  if (document_form()) {
    others.push_back(document("KubeNodeConfig"));
    if (chance(50)) others.back()["nodeIP"]["validSubnets"] = texts({"10.0.1.0/24", "!10.0.1.9"});
  } else if (chance(50)) {
    fill(first["machine"]["kubelet"], 0);
    if (chance(50)) first["machine"]["kubelet"]["nodeIP"]["validSubnets"] = texts({"10.9.0.0/16"});
  }
  if (chance(40)) {
    Made pod = map();
    pod["metadata"]["name"] = text(chance(50) ? "vipd" : "other");
    pod["metadata"]["namespace"] = text("kube-system");
    fill(pod["spec"], 0);
    first["machine"]["pods"] = Made{Made::Kind::kList, "", {pod, anything(3)}, {}};
  }
  return others;
}

void Generator::shuffle(Made& into) {
  if (chance(50)) std::shuffle(into.entries.begin(), into.entries.end(), random_);
  for (auto& [key, value] : into.entries) shuffle(value);
}

std::string Generator::config() {
  Made first = one_document();
  std::vector<Made> documents = other_documents(first);
  documents.insert(documents.begin() + below(static_cast<int>(documents.size()) + 1), first);
  std::string whole;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    shuffle(documents[i]);
    if (i > 0 || chance(30)) whole += "---" + (chance(20) ? comment() : "") + "\n";
    whole += write(documents[i]);
  }
  if (chance(10) && !has_block(documents.back())) whole.pop_back();  // no last line break
  return whole;
}

std::string Generator::comment() {
  return chance(25) ? fmt::format(" # comment {}:", ++comments_) : "";
}

std::string Generator::scalar(const std::string& value) {
  const int roll = below(10);
  if (roll < 2 || value[0] == '!') return "\"" + value + "\"";
  return roll < 4 ? "'" + value + "'" : value;
}

std::string Generator::flow(const Made& value) {
  std::vector<std::string> parts;
  switch (value.kind) {
    case Made::Kind::kText: return scalar(value.text);
    case Made::Kind::kRaw: return value.text;
    case Made::Kind::kNull: return "null";
    case Made::Kind::kList:
      for (const Made& item : value.items) parts.push_back(flow(item));
      return fmt::format("[{}{}]", fmt::join(parts, chance(50) ? ", " : ","),
                         !parts.empty() && chance(10) ? "," : "");
    case Made::Kind::kMap:
      for (const auto& [key, inner] : value.entries) {
        parts.push_back(key + ": " + flow(inner));
      }
      return fmt::format("{{{}}}", fmt::join(parts, ", "));
  }
  return "";
}

std::string Generator::write(const Made& whole) {
  std::string out;
  if (chance(5) && !has_block(whole)) return flow(whole) + "\n";
  write_map(whole, 0, out);
  return out;
}

void Generator::write_map(const Made& value, std::size_t margin, std::string& out) {
  bool first = true;
  for (const auto& [key, inner] : value.entries) {
    if (!first || margin == 0) {
      if (chance(5)) out += "\n";
      if (chance(8)) out += fmt::format("{}# comment {}:\n", std::string(margin, ' '), ++comments_);
      out += std::string(margin, ' ');
    }
    first = false;
    out += (chance(5) ? "\"" + key + "\"" : key) + ":";
    write_value(inner, margin, true, out);
  }
}

void Generator::write_list(const Made& list, std::size_t margin, std::string& out) {
  bool first = true;
  for (const Made& item : list.items) {
    if (!first) out += std::string(margin, ' ');
    first = false;
    out += "-";
    if (item.kind == Made::Kind::kMap && !item.entries.empty() && chance(80)) {
      out += " ";
      write_map(item, margin + 2, out);
    } else {
      write_value(item, margin, false, out);
    }
  }
}

void Generator::write_value(const Made& value, std::size_t margin, bool may_dash,
                            std::string& out) {
  const std::size_t inner = margin + (chance(50) ? 2 : 4);
  const bool empty = value.items.empty() && value.entries.empty();
  const bool collection = value.kind == Made::Kind::kList || value.kind == Made::Kind::kMap;
  if (value.kind == Made::Kind::kNull) {
    out += (chance(50) ? "" : chance(50) ? " null" : " ~") + comment() + "\n";
  } else if (value.kind == Made::Kind::kRaw && value.text.find('\n') != value.text.npos) {
    out += " ";
    for (const char c : value.text) {
      out += c;
      if (c == '\n') out += std::string(inner, ' ');
    }
    out += "\n";
  } else if (!collection || empty || (chance(15) && !has_block(value))) {
    out += " " + flow(value) + comment() + "\n";
  } else {
    out += comment() + "\n";
    const bool dashes_at_key = value.kind == Made::Kind::kList && may_dash && chance(30);
    const std::size_t at = dashes_at_key ? margin : inner;
    out += std::string(at, ' ');
    value.kind == Made::Kind::kList ? write_list(value, at, out) : write_map(value, at, out);
  }
}

}  // namespace vipd::talos
