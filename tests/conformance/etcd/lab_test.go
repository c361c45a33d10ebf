// Package conformance has etcd's own client judge what vipd does in etcd, in a lab of three nodes
// whose vipd and etcd are real, and contend with it for the leader key.
//
// It runs in a node's network; tests/conformance/run starts the lab and sets
//
//	LAB_DIR   where the lab lives (tools/lab/README.md)
//	LAB_NODE  the node in whose network this runs
package conformance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	prefix = "/vipd/lab/api/"
	leader = prefix + "leader"
)

var nodes = []string{"cp-1", "cp-2", "cp-3"}

// What vipd says of itself.
type status struct {
	State  string
	Epoch  int64
	Holder *struct {
		Instance string
		Server   int64
	}
	Fips []struct {
		Server, Epoch int64
		Verified      bool
	}
	Problems []string
}

type lab struct {
	t   *testing.T
	dir string
	*clientv3.Client
}

// The lab, with one holder and everybody agreeing, and a client of the node's own etcd member.
func newLab(t *testing.T) *lab {
	t.Helper()
	dir, node := os.Getenv("LAB_DIR"), os.Getenv("LAB_NODE")
	if dir == "" || node == "" {
		t.Fatal("LAB_DIR or LAB_NODE is not set: run tests/conformance/run")
	}
	file := func(name string) string {
		return filepath.Join(dir, "nodes", node, "kube-apiserver", name)
	}
	pair, err := tls.LoadX509KeyPair(file("etcd-client.crt"), file("etcd-client.key"))
	must(t, err)
	ca, err := os.ReadFile(file("etcd-client-ca.crt"))
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{"https://127.0.0.1:2379"}, DialTimeout: 10 * time.Second,
		TLS: &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots}})
	must(t, err)
	t.Cleanup(func() { client.Close() })
	l := &lab{t, dir, client}
	l.settle("at first")
	return l
}

func (l *lab) get(socket, path string, answer any) error {
	client := http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(l.dir, socket))
		}}}
	response, err := client.Get("http://lab" + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(answer)
}

func (l *lab) status(node string) (seen status) {
	if err := l.get("nodes/"+node+"/disk/vipd/vipd.sock", "/status", &seen); err != nil {
		seen.State = err.Error()
	}
	return seen
}

// The Floating IP's server at Hetzner.
func (l *lab) assigned() int64 {
	l.t.Helper()
	var state struct {
		Fips []struct{ Server int64 } `json:"floating_ips"`
	}
	must(l.t, l.get("hetzner.sock", "/state", &state))
	return state.Fips[0].Server
}

func (l *lab) read(key string) *clientv3.GetResponse {
	l.t.Helper()
	response, err := l.Get(l.t.Context(), key)
	must(l.t, err)
	return response
}

// The key's revision and value; 0 where there is none.
func (l *lab) leader() (epoch int64, value string) {
	l.t.Helper()
	if found := l.read(leader).Kvs; len(found) > 0 {
		return found[0].ModRevision, string(found[0].Value)
	}
	return 0, ""
}

// Polls until `wrong` has nothing to say.
func (l *lab) until(what string, within time.Duration, wrong func() string) {
	l.t.Helper()
	deadline := time.Now().Add(within)
	for {
		why := wrong()
		if why == "" {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("%s: not within %v: %s", what, within, why)
		}
		<-time.After(100 * time.Millisecond)
	}
}

// Fails as soon as `wrong` has something to say.
func (l *lab) during(what string, span time.Duration, wrong func() string) {
	l.t.Helper()
	for end := time.Now().Add(span); time.Now().Before(end); <-time.After(100 * time.Millisecond) {
		if why := wrong(); why != "" {
			l.t.Fatalf("%s: %s", what, why)
		}
	}
}

// One holder, all agree with the leader key, the address is verified, nobody complains.
func (l *lab) settle(when string) {
	l.t.Helper()
	l.until("all agree "+when, 40*time.Second, func() string {
		epoch, _ := l.leader()
		holders := 0
		for _, node := range nodes {
			seen := l.status(node)
			if seen.State == "holder" {
				holders++
			} else if seen.State != "standby" {
				return node + " is " + seen.State
			}
			if seen.Epoch != epoch {
				return fmt.Sprintf("%s is in epoch %d, the key in %d", node, seen.Epoch, epoch)
			}
			if len(seen.Fips) != 1 || !seen.Fips[0].Verified || seen.Fips[0].Epoch != epoch {
				return fmt.Sprintf("%s says of the address: %+v", node, seen.Fips)
			}
			if len(seen.Problems) > 0 {
				return node + ": " + strings.Join(seen.Problems, "; ")
			}
		}
		if holders != 1 {
			return fmt.Sprintf("%d holders", holders)
		}
		return ""
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: %v, want %v", what, got, wanted)
	}
}
