package conformance

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Fields of the leader's and of a node's value.
type identity struct {
	Instance, Node, Address string
	Server                  int64
	Ready                   bool
}

func TestEtcdIsOfficial36(t *testing.T) {
	l := newLab(t)
	for _, endpoint := range l.Endpoints() {
		seen, err := l.Status(t.Context(), endpoint)
		must(t, err)
		want(t, "version "+seen.Version, strings.HasPrefix(seen.Version, "3.6."), true)
	}
}

func TestKeysAreAsArchitectureSays(t *testing.T) {
	l := newLab(t)
	all, err := l.Get(t.Context(), prefix, clientv3.WithPrefix())
	must(t, err)
	var first identity
	var firstLease, epoch int64
	leases := map[int64]identity{}
	assignments := 0
	for _, kv := range all.Kvs {
		kind, _, _ := strings.Cut(strings.TrimPrefix(string(kv.Key), prefix), "/")
		switch kind {
		case "leader":
			must(t, json.Unmarshal(kv.Value, &first))
			firstLease, epoch = kv.Lease, kv.ModRevision
		case "nodes":
			var one identity
			must(t, json.Unmarshal(kv.Value, &one))
			want(t, "key", string(kv.Key), prefix+"nodes/"+one.Instance)
			want(t, "ready "+one.Node, one.Ready, true)
			leases[kv.Lease] = one
		case "assignment":
			assignments++
			want(t, "an assignment's lease", kv.Lease, 0)
		default:
			t.Errorf("key %s", kv.Key)
		}
	}
	want(t, "nodes, each on a lease of its own", len(leases), len(nodes))
	want(t, "assignments", assignments, 1)
	want(t, "the leader key is on its node's lease", leases[firstLease].Instance, first.Instance)
	want(t, "address", leases[firstLease].Address, first.Address)
	want(t, "server", l.assigned(), first.Server)
	want(t, "epoch of "+nodes[0], l.status(nodes[0]).Epoch, epoch)
}

func TestVipdWritesNothingElse(t *testing.T) {
	l := newLab(t)
	all, err := l.Get(t.Context(), "\x00", clientv3.WithFromKey(), clientv3.WithKeysOnly())
	must(t, err)
	for _, kv := range all.Kvs {
		want(t, string(kv.Key), strings.HasPrefix(string(kv.Key), prefix), true)
	}
}

func TestAssignmentIsVerifiedInTheLeadersEpoch(t *testing.T) {
	l := newLab(t)
	epoch, _ := l.leader()
	found, err := l.Get(t.Context(), prefix+"assignment/", clientv3.WithPrefix())
	must(t, err)
	want(t, "assignments", len(found.Kvs), 1)
	var record struct {
		Server, Epoch int64
		State         string
	}
	must(t, json.Unmarshal(found.Kvs[0].Value, &record))
	want(t, "state", record.State, "verified")
	want(t, "epoch", record.Epoch, epoch)
	want(t, "server", record.Server, l.assigned())
}

func TestHoldersLeaseIsShortAndCarriesItsTwoKeys(t *testing.T) {
	l := newLab(t)
	lease := l.read(leader).Kvs[0].Lease
	alive, err := l.TimeToLive(t.Context(), clientv3.LeaseID(lease), clientv3.WithAttachedKeys())
	must(t, err)
	want(t, "seconds granted", alive.GrantedTTL, 5)
	var keys []string
	for _, key := range alive.Keys {
		kind, _, _ := strings.Cut(strings.TrimPrefix(string(key), prefix), "/")
		keys = append(keys, kind)
	}
	slices.Sort(keys)
	want(t, "keys", strings.Join(keys, " "), "leader nodes")
}
