#include "talos/edit.h"

#include "tests/talos_config/configs.h"

namespace vipd::talos {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a second edit changes nothing, in every era") {
  for (const std::string& text : {kOneDocument, kNetworkDocuments, kKubernetesDocuments}) {
    const Edited once = edited(text, all_goals());
    CHECK_FALSE(once.files.empty());
    const Edited twice = edited(once.text, all_goals());
    CHECK(twice.text == once.text);
    CHECK(twice.files.empty());
  }
}

TEST_CASE("only the edited places change; comments, quotes and blocks stay as they are") {
  const Edited done = edited(kNetworkDocuments, all_goals());
  for (const std::string part :
       {"version: v1alpha1 # the schema\n", "        - content: |\n            # not a comment\n",
        "          permissions: 0o600\n", "    token: \"123456.0123456789abcdef\"\n",
        "    certSANs: [203.0.113.10, api.example.com, 49.13.53.183] # none yet\n",
        "        endpoint: \"https://203.0.113.10:6443\" # of the first node\n",
        "            - 49.13.53.183 # the first node\n            - api.old.example\n"
        "            - 203.0.113.10\n            - api.example.com\n",
        "        # where the image comes from\n",
        "            feature-gates: ServerSideApply=true\n"
        "            service-account-issuer: https://49.13.53.183:6443\n"
        "            api-audiences: https://49.13.53.183:6443\n"
        "            shutdown-delay-duration: 5s\n",
        "        advertisedSubnets:\n            - 10.0.1.0/24\n",
        "        nodeIP:\n            validSubnets:\n                - 10.0.1.0/24\n",
        "    pods:\n        - # Why it is as it is.\n          apiVersion: v1\n",
        "hostname: cp-1 # kept\n", "value: '0o17'\n"}) {
    INFO(done.text);
    INFO(part);
    CHECK(has(done.text, part));
  }
}

TEST_CASE("each setting is edited in the form that the config keeps it in") {
  const Edited done = edited(kKubernetesDocuments, all_goals());
  for (const std::string part :
       {"clusterName: prod\nendpoint: https://203.0.113.10:6443\n",
        "certExtraSANs: [\"49.13.53.183\", api.old.example, 203.0.113.10, api.example.com]\n"
        "extraArgs:\n    shutdown-delay-duration: 5s\n",
        "    issuerURL: https://49.13.53.183:6443\n"
        "accepted:\n    audiences:\n        - https://49.13.53.183:6443\n",
        "    etcd:\n        advertisedSubnets:\n            - 10.0.1.0/24\n",
        "---\napiVersion: v1alpha1\nkind: KubeNodeConfig\nnodeIP:\n    validSubnets:\n",
        "---\napiVersion: v1alpha1\nkind: KubeStaticPodConfig\nname: vipd\npod:\n",
        "        -----BEGIN RSA PRIVATE KEY-----\n        AAAA\n"}) {
    INFO(done.text);
    INFO(part);
    CHECK(has(done.text, part));
  }
  CHECK_FALSE(has(done.text, "controlPlane"));
  CHECK_FALSE(has(done.text, "kubelet:\n"));
}

TEST_CASE("names are taken out again and what is said beside the others stays") {
  Goals goals;
  goals.forgotten_sans = {"49.13.53.183"};
  const Edited done = edited(kOneDocument, goals);
  CHECK(has(done.text, "        certSANs:\n            - api.old.example\n"));
  CHECK_FALSE(has(done.text, "the first node\n            -"));
  goals.forgotten_sans = {"49.13.53.183", "api.old.example"};
  CHECK(has(edited(kOneDocument, goals).text, "        certSANs: []\n"));
  CHECK(has(edited(kKubernetesDocuments, goals).text, "certExtraSANs: []\n"));
}

TEST_CASE("another pod of the same name is replaced, the others stay") {
  const std::string pods = R"(    pods:
    - metadata: {name: other, namespace: kube-system} # ours too
    - apiVersion: v1
      metadata: {name: vipd, namespace: kube-system}
    - metadata:
        name: vipd
)";
  std::string text = kOneDocument;
  text.insert(text.find("    kubelet:"), pods);
  Goals goals;
  goals.pod = Pod{"kube-system", "vipd", kPod};
  const Edited done = edited(text, goals);
  INFO(done.text);
  CHECK(has(done.text, "    - metadata: {name: other, namespace: kube-system} # ours too\n"
                       "    - # Why it is as it is.\n      apiVersion: v1\n      kind: Pod\n"));
  CHECK(has(done.text, "    - metadata:\n        name: vipd\n    kubelet:"));
  CHECK_FALSE(has(done.text, "metadata: {name: vipd"));
}

TEST_CASE("subnets that exclude stay last, and a Floating IP inside a subnet is excluded") {
  std::string text = kOneDocument;
  text.insert(text.find("        ca: {crt"),
              "        advertisedSubnets: [0.0.0.0/0, '!10.9.0.0/16']\n");
  const Edited done = edited(text, all_goals());
  CHECK(has(done.text, "advertisedSubnets: [0.0.0.0/0, 10.0.1.0/24, '!10.9.0.0/16', "
                       "\"!203.0.113.10/32\"]"));
}

TEST_CASE("a list of issuers is written as Talos 1.13 takes it, and in 1.14 as its document") {
  Goals goals;
  goals.issuers = {"https://new:6443", "https://old:6443"};
  goals.audiences = {"https://new:6443", "https://old:6443"};
  const std::string old_form = edited(kOneDocument, goals).text;
  CHECK(has(old_form, "            service-account-issuer:\n                - https://new:6443\n"
                      "                - https://old:6443\n"));
  CHECK(has(old_form, "            api-audiences: \"https://new:6443,https://old:6443\"\n"));
  const std::string documents = edited(kKubernetesDocuments, goals).text;
  CHECK(has(documents, "    issuerURL: https://new:6443\naccepted:\n    issuers:\n"
                       "        - https://old:6443\n"));
  goals.issuers = goals.audiences = {"https://new:6443"};
  CHECK(has(edited(old_form, goals).text,
            "            service-account-issuer: https://new:6443\n"
            "            api-audiences: \"https://new:6443\"\n"));
}

}  // namespace
}  // namespace vipd::talos
