package conformance

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	machinetype "github.com/siderolabs/talos/pkg/machinery/config/machine"
	"github.com/siderolabs/talos/pkg/machinery/resources/cluster"
	"github.com/siderolabs/talos/pkg/machinery/resources/config"
	"github.com/siderolabs/talos/pkg/machinery/resources/etcd"
	"github.com/siderolabs/talos/pkg/machinery/resources/k8s"
	"github.com/siderolabs/talos/pkg/machinery/resources/network"
	resourcesecrets "github.com/siderolabs/talos/pkg/machinery/resources/secrets"
)

type object = map[string]any

func equal(t *testing.T, what string, got any, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %#v\nwant %#v", what, got, want)
	}
}

func addresses(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func TestTheMachineServiceIsReadAsTalosMeansIt(t *testing.T) {
	n := newNode(t)
	got := n.probe(n.ca)
	for call, want := range (answers{
		"Version": object{"tag": "v1.13.9", "sha": "3ebd10a7", "arch": "amd64",
			"platform": "hcloud", "rbac": true},
		"Hostname": "cp-1",
		"ServiceList": []any{object{"id": "etcd", "state": "Running", "known": true, "healthy": true,
			"message": "fine"}},
		"EtcdMemberList": []any{object{"id": 77.0, "hostname": "cp-1", "learner": true,
			"peer": []any{"https://10.0.0.2:2380"}, "client": []any{"https://10.0.0.2:2379"}}},
		"EtcdStatus": object{"member": 77.0, "version": "3.6.5", "db": 1.0, "in_use": 2.0, "leader": 3.0,
			"index": 4.0, "term": 5.0, "applied": 6.0, "errors": []any{"e"}, "learner": true},
		"EtcdAlarmList":         []any{object{"member": 77.0, "kind": 2.0}},
		"EtcdForfeitLeadership": "cp-2",
		"Kubeconfig":            kubeconfig,
		"GenerateClientConfiguration": object{"ca": "ca", "crt": "os:reader", "key": "36h0m0s",
			"talosconfig": "contexts: {}"},
		"ApplyConfiguration": object{"mode": "try", "details": "d", "warnings": []any{"w"}},
		"Read":               "/etc/os-release",
	}) {
		equal(t, call, got[call], want)
	}
	if len(n.applied) != 1 {
		t.Fatal("no config came to be applied")
	}
	request := <-n.applied
	equal(t, "mode", request.GetMode(), machine.ApplyConfigurationRequest_TRY)
	equal(t, "dry run", request.GetDryRun(), true)
	equal(t, "try timeout", request.GetTryModeTimeout().AsDuration(), 90*time.Second)
	equal(t, "config", string(request.GetData()), "version: v1alpha1\n")
	logs, _ := got["Logs"].(string)
	for _, part := range []string{`namespace:"system"`, `id:"kubelet"`, "tail_lines:5"} {
		if !strings.Contains(logs, part) || strings.Contains(logs, "follow") {
			t.Errorf("log request %q, want %s", logs, part)
		}
	}
}

func TestResourcesAreReadAsTalosMakesThem(t *testing.T) {
	yaml := "version: v1alpha1 # kept\nmachine:\n  type: controlplane\n"
	loaded, err := configloader.NewFromBytes([]byte(yaml))
	must(t, err)
	member := cluster.NewMember(cluster.NamespaceName, "cp-1")
	*member.TypedSpec() = cluster.MemberSpec{NodeID: "id", Hostname: "cp-1.example.org",
		Addresses: addresses("10.0.0.2", "fd00::2"), MachineType: machinetype.TypeControlPlane,
		OperatingSystem: "Talos (v1.13.9)", ControlPlane: &cluster.ControlPlane{APIServerPort: 6443}}
	worker := cluster.NewMember(cluster.NamespaceName, "w-1")
	worker.TypedSpec().MachineType = machinetype.TypeWorker
	nodeAddresses := network.NewNodeAddress(network.NamespaceName, network.NodeAddressCurrentID)
	nodeAddresses.TypedSpec().Addresses = []netip.Prefix{
		netip.MustParsePrefix("10.0.0.2/24"), netip.MustParsePrefix("fd00::2/64")}
	nodeIP := k8s.NewNodeIP(k8s.NamespaceName, "kubelet")
	nodeIP.TypedSpec().Addresses = addresses("10.0.0.2", "fe80::1%eth0")
	spec := etcd.NewSpec(etcd.NamespaceName, etcd.SpecID)
	*spec.TypedSpec() = etcd.SpecSpec{Name: "cp-1", Image: "etcd",
		AdvertisedAddresses:   addresses("10.0.0.2"),
		ListenPeerAddresses:   addresses("::"),
		ListenClientAddresses: addresses("0.0.0.0", "127.0.0.1"),
		ExtraArgs:             map[string]etcd.ArgValues{"a": {Values: []string{"b", "c"}}}}
	pod := k8s.NewStaticPodStatus(k8s.NamespaceName, "kube-system/kube-apiserver-cp-1")
	pod.TypedSpec().PodStatus = object{"phase": "Running",
		"conditions": []any{object{"type": "Ready", "status": "True"}},
		"containerStatuses": []any{object{"name": "kube-apiserver", "ready": true, "restartCount": 2,
			"state": object{"running": object{"startedAt": "2026-08-14T00:00:00Z"}}}}}
	sans := resourcesecrets.NewCertSAN(resourcesecrets.NamespaceName,
		resourcesecrets.CertSANKubernetesID)
	sans.TypedSpec().Append("10.0.0.2", "cp-1")
	sans.TypedSpec().FQDN = "cp-1.example.org"

	n := newNode(t, config.NewMachineConfig(loaded), member, worker, nodeAddresses, nodeIP, spec, pod,
		sans)
	got := n.probe(n.ca)
	wantMembers := []any{
		object{"id": "cp-1", "version": "1", "spec": object{"node_id": "id",
			"hostname": "cp-1.example.org", "addresses": []any{"10.0.0.2", "fd00::2"}, "type": 1.0,
			"os": "Talos (v1.13.9)", "port": 6443.0}},
		object{"id": "w-1", "version": "1", "spec": object{"node_id": "", "hostname": "",
			"addresses": []any{}, "type": 2.0, "os": "", "port": 0.0}}}
	equal(t, "Members", got["Members"], wantMembers)
	equal(t, "Watch", got["Watch"], wantMembers)
	for call, want := range (answers{
		"MachineConfig": yaml,
		"NodeAddresses": []any{"10.0.0.2/24", "fd00::2/64"},
		"NodeIps":       []any{"10.0.0.2", "fe80::1"},
		"EtcdSpec": object{"name": "cp-1", "image": "etcd", "advertised": []any{"10.0.0.2"},
			"peer": []any{"::"}, "client": []any{"0.0.0.0", "127.0.0.1"}},
		"CertSans": object{"addresses": []any{"10.0.0.2"}, "names": []any{"cp-1"},
			"fqdn": "cp-1.example.org"},
	}) {
		resource, _ := got[call].(object)
		equal(t, call, resource["spec"], want)
	}
	equal(t, "StaticPods", got["StaticPods"], []any{object{
		"id": "kube-system/kube-apiserver-cp-1", "version": "1",
		"spec": object{"phase": "Running", "ready": true, "containers": []any{object{
			"name": "kube-apiserver", "ready": true, "restarts": 2.0, "state": "running"}}}}})
}

func TestRefusalsOfTalosOwnCodeReadWell(t *testing.T) {
	n := newNode(t)
	foreign, err := secrets.NewTalosCA(time.Now())
	must(t, err)
	said := func(answer any) string {
		problem, _ := answer.(object)
		text, _ := problem["error"].(string)
		return text
	}
	text := said(n.probe(n.ca)["Missing"])
	if !strings.Contains(text, "nothing of this name") {
		t.Errorf("a resource that is not there: %q", text)
	}
	text = said(n.probe(foreign)["Version"])
	if !strings.Contains(text, "may be refusing the certificate") {
		t.Errorf("a certificate of another CA: %q", text)
	}
}
