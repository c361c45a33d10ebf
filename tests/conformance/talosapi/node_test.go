// Package conformance has Talos' own code judge vipd's machine API client: a node made of the
// official stubs and of COSI's own server, holding Talos' own resources, behind TLS as Talos
// sets it up. What the client cannot read, or asks for otherwise, is a fault of the client.
//
// TALOS_PROBE names the program that makes the calls; tests/conformance/run sets it.
package conformance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	stdx509 "crypto/x509"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/cosi-project/runtime/api/v1alpha1"
	"github.com/cosi-project/runtime/pkg/resource"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/cosi-project/runtime/pkg/state/impl/inmem"
	"github.com/cosi-project/runtime/pkg/state/impl/namespaced"
	"github.com/cosi-project/runtime/pkg/state/protobuf/server"
	"github.com/siderolabs/crypto/x509"
	"github.com/siderolabs/talos/pkg/machinery/api/common"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	clientconfig "github.com/siderolabs/talos/pkg/machinery/client/config"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/constants"
	"github.com/siderolabs/talos/pkg/machinery/role"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

const (
	nodeAddress = "10.0.0.2"
	kubeconfig  = "apiVersion: v1\nkind: Config\n"
)

type node struct {
	machine.UnimplementedMachineServiceServer
	t        *testing.T
	ca       *x509.CertificateAuthority
	endpoint string
	applied  chan *machine.ApplyConfigurationRequest
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// With these resources; it ends with the test.
func newNode(t *testing.T, resources ...resource.Resource) *node {
	t.Helper()
	ca, err := secrets.NewTalosCA(time.Now())
	must(t, err)
	n := &node{t: t, ca: ca, applied: make(chan *machine.ApplyConfigurationRequest, 1)}

	pair, err := x509.NewKeyPair(ca, x509.IPAddresses([]net.IP{net.IPv4(127, 0, 0, 1)}),
		x509.NotAfter(time.Now().Add(time.Hour)),
		x509.ExtKeyUsage([]stdx509.ExtKeyUsage{stdx509.ExtKeyUsageServerAuth}))
	must(t, err)
	clients := stdx509.NewCertPool()
	clients.AppendCertsFromPEM(ca.CrtPEM)
	store := state.WrapCore(namespaced.NewState(inmem.Build))
	for _, r := range resources {
		must(t, store.Create(context.Background(), r))
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	n.endpoint = listener.Addr().String()
	s := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(&tls.Config{
			Certificates: []tls.Certificate{*pair.Certificate},
			ClientAuth:   tls.RequireAndVerifyClientCert,
			ClientCAs:    clients,
			MinVersion:   tls.VersionTLS12,
		})),
		grpc.MaxRecvMsgSize(constants.GRPCMaxMessageSize),
		grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo,
			handler grpc.UnaryHandler) (any, error) {
			if err := checkTarget(ctx); err != nil {
				return nil, err
			}
			return handler(ctx, request)
		}),
		grpc.StreamInterceptor(func(service any, stream grpc.ServerStream,
			_ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if err := checkTarget(stream.Context()); err != nil {
				return err
			}
			return handler(service, stream)
		}),
	)
	machine.RegisterMachineServiceServer(s, n)
	v1alpha1.RegisterStateServer(s, server.NewState(store))
	go s.Serve(listener) //nolint:errcheck // Stop() is its end
	t.Cleanup(s.Stop)
	return n
}

// As apid does: exactly one `node`, and no `nodes`.
func checkTarget(ctx context.Context) error {
	given, _ := metadata.FromIncomingContext(ctx)
	if one := given.Get("node"); len(one) != 1 || one[0] != nodeAddress || given.Get("nodes") != nil {
		return status.Errorf(codes.InvalidArgument, "wrong target: %v", given)
	}
	return nil
}

type answers map[string]any

// What the client makes of the node, with a certificate of `ca` in a talosconfig that Talos wrote.
func (n *node) probe(ca *x509.CertificateAuthority) answers {
	n.t.Helper()
	client, err := secrets.NewAdminCertificateAndKey(time.Now().Add(-time.Minute),
		x509.NewCertificateAndKeyFromCertificateAuthority(ca), role.MakeSet(role.Admin), time.Hour)
	must(n.t, err)
	path := filepath.Join(n.t.TempDir(), "config")
	must(n.t, clientconfig.NewConfig("lab", []string{n.endpoint}, n.ca.CrtPEM, client).Save(path))
	command := exec.Command(os.Getenv("TALOS_PROBE"), path, nodeAddress)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	must(n.t, err)
	var got answers
	must(n.t, json.Unmarshal(printed, &got))
	return got
}

func (n *node) Version(context.Context, *emptypb.Empty) (*machine.VersionResponse, error) {
	return &machine.VersionResponse{Messages: []*machine.Version{{
		Version: &machine.VersionInfo{Tag: "v1.13.9", Sha: "3ebd10a7", Built: "b", GoVersion: "g",
			Os: "linux", Arch: "amd64"},
		Platform: &machine.PlatformInfo{Name: "hcloud", Mode: "cloud"},
		Features: &machine.FeaturesInfo{Rbac: true},
	}}}, nil
}

func (n *node) Hostname(context.Context, *emptypb.Empty) (*machine.HostnameResponse, error) {
	return &machine.HostnameResponse{Messages: []*machine.Hostname{{Hostname: "cp-1"}}}, nil
}

func (n *node) ServiceList(context.Context, *emptypb.Empty) (*machine.ServiceListResponse, error) {
	return &machine.ServiceListResponse{Messages: []*machine.ServiceList{{
		Services: []*machine.ServiceInfo{{
			Id: "etcd", State: "Running",
			Events: &machine.ServiceEvents{Events: []*machine.ServiceEvent{{Msg: "m", State: "s"}}},
			Health: &machine.ServiceHealth{Healthy: true, LastMessage: "fine"},
		}},
	}}}, nil
}

func (n *node) EtcdMemberList(context.Context, *machine.EtcdMemberListRequest) (
	*machine.EtcdMemberListResponse, error) {
	return &machine.EtcdMemberListResponse{Messages: []*machine.EtcdMembers{{
		LegacyMembers: []string{"cp-1"},
		Members: []*machine.EtcdMember{{
			Id: 77, Hostname: "cp-1", PeerUrls: []string{"https://10.0.0.2:2380"},
			ClientUrls: []string{"https://10.0.0.2:2379"}, IsLearner: true,
		}},
	}}}, nil
}

func (n *node) EtcdStatus(context.Context, *emptypb.Empty) (*machine.EtcdStatusResponse, error) {
	return &machine.EtcdStatusResponse{Messages: []*machine.EtcdStatus{{
		MemberStatus: &machine.EtcdMemberStatus{
			MemberId: 77, ProtocolVersion: "3.6.5", DbSize: 1, DbSizeInUse: 2, Leader: 3,
			RaftIndex: 4, RaftTerm: 5, RaftAppliedIndex: 6, Errors: []string{"e"}, IsLearner: true,
		},
	}}}, nil
}

func (n *node) EtcdAlarmList(context.Context, *emptypb.Empty) (
	*machine.EtcdAlarmListResponse, error) {
	return &machine.EtcdAlarmListResponse{Messages: []*machine.EtcdAlarm{{
		MemberAlarms: []*machine.EtcdMemberAlarm{
			{MemberId: 77, Alarm: machine.EtcdMemberAlarm_CORRUPT}},
	}}}, nil
}

func (n *node) EtcdForfeitLeadership(context.Context, *machine.EtcdForfeitLeadershipRequest) (
	*machine.EtcdForfeitLeadershipResponse, error) {
	return &machine.EtcdForfeitLeadershipResponse{
		Messages: []*machine.EtcdForfeitLeadership{{Member: "cp-2"}}}, nil
}

func (n *node) GenerateClientConfiguration(_ context.Context,
	request *machine.GenerateClientConfigurationRequest) (
	*machine.GenerateClientConfigurationResponse, error) {
	return &machine.GenerateClientConfigurationResponse{
		Messages: []*machine.GenerateClientConfiguration{{
			Ca: []byte("ca"), Crt: []byte(request.GetRoles()[0]),
			Key: []byte(request.GetCrtTtl().AsDuration().String()), Talosconfig: []byte("contexts: {}"),
		}}}, nil
}

func (n *node) ApplyConfiguration(_ context.Context, request *machine.ApplyConfigurationRequest) (
	*machine.ApplyConfigurationResponse, error) {
	n.applied <- request
	return &machine.ApplyConfigurationResponse{Messages: []*machine.ApplyConfiguration{{
		Warnings: []string{"w"}, Mode: machine.ApplyConfigurationRequest_TRY, ModeDetails: "d",
	}}}, nil
}

// As Talos sends it: the tar is never closed.
func (n *node) Kubeconfig(_ *emptypb.Empty, stream machine.MachineService_KubeconfigServer) error {
	var archive bytes.Buffer
	packed := gzip.NewWriter(&archive)
	files := tar.NewWriter(packed)
	must(n.t, files.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: "kubeconfig", Size: int64(len(kubeconfig)),
		ModTime: time.Now(), Mode: 0o600}))
	_, err := files.Write([]byte(kubeconfig))
	must(n.t, err)
	must(n.t, packed.Close())
	return stream.Send(&common.Data{Bytes: archive.Bytes()})
}

func (n *node) Read(request *machine.ReadRequest, stream machine.MachineService_ReadServer) error {
	return stream.Send(&common.Data{Bytes: []byte(request.GetPath())})
}

func (n *node) Logs(request *machine.LogsRequest, stream machine.MachineService_LogsServer) error {
	return stream.Send(&common.Data{Bytes: []byte(request.String())})
}
