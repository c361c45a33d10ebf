package conformance

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

// As long as a lease and an election take: whoever is going to act has acted.
const long = 8 * time.Second

// As vipd acquires (rule E5).
func (l *lab) acquire(value string, options ...clientv3.OpOption) bool {
	l.t.Helper()
	done, err := l.Txn(l.t.Context()).
		If(clientv3.Compare(clientv3.CreateRevision(leader), "=", 0)).
		Then(clientv3.OpPut(leader, value, options...)).Commit()
	if err != nil { // not Fatal: contenders are goroutines
		l.t.Error(err)
		return false
	}
	return done.Succeeded
}

// Puts the value in the place of the holder's own, in one transaction.
func (l *lab) usurp(value string, options ...clientv3.OpOption) (epoch int64) {
	l.t.Helper()
	before, _ := l.leader()
	done, err := l.Txn(l.t.Context()).
		If(clientv3.Compare(clientv3.ModRevision(leader), "=", before)).
		Then(clientv3.OpPut(leader, value, options...)).Commit()
	must(l.t, err)
	want(l.t, "usurped", done.Succeeded, true)
	return done.Header.Revision
}

// The key and the address stay as they are.
func (l *lab) untouched(what string, span time.Duration, epoch, server int64) {
	l.t.Helper()
	l.during(what, span, func() string {
		if now, value := l.leader(); now != epoch {
			return fmt.Sprintf("the leader key has changed to %s", value)
		}
		if now := l.assigned(); now != server {
			return fmt.Sprintf("the address has moved to %d", now)
		}
		return ""
	})
}

func (l *lab) drop(key string) {
	l.t.Helper()
	_, err := l.Delete(l.t.Context(), key)
	must(l.t, err)
}

// Every vipd names the leader key as a problem, and none says that it holds.
func (l *lab) complained() string {
	for _, node := range nodes {
		seen := l.status(node)
		if seen.State == "holder" {
			return node + " says that it holds"
		}
		if !slices.ContainsFunc(seen.Problems, func(problem string) bool {
			return strings.Contains(problem, leader)
		}) {
			return fmt.Sprintf("%s has problems %q", node, seen.Problems)
		}
	}
	return ""
}

func TestLeaderKeyThatIsHeldCannotBeAcquired(t *testing.T) {
	l := newLab(t)
	epoch, value := l.leader()
	for range 50 {
		want(t, "acquired", l.acquire("a foreigner"), false)
	}
	after, still := l.leader()
	want(t, "epoch", after, epoch)
	want(t, "value", still, value)
}

// The client's own election keeps its candidates below the key: another place than vipd's.
func TestForeignElectionDoesNotDisturb(t *testing.T) {
	l := newLab(t)
	epoch, _ := l.leader()
	server := l.assigned()
	session, err := concurrency.NewSession(l.Client, concurrency.WithTTL(5))
	must(t, err)
	defer session.Close()
	election := concurrency.NewElection(session, leader)
	must(t, election.Campaign(t.Context(), "a foreigner"))
	want(t, "candidate", strings.HasPrefix(election.Key(), leader+"/"), true)
	l.untouched("with a foreign election", long, epoch, server)
	holders := 0
	for _, node := range nodes {
		if l.status(node).State == "holder" {
			holders++
		}
	}
	want(t, "holders", holders, 1)
	must(t, election.Resign(t.Context()))
	l.settle("after it")
	after, _ := l.leader()
	want(t, "epoch", after, epoch)
}

func TestForeignersGarbageIsNotOverwrittenAndIsSaid(t *testing.T) {
	for value, span := range map[string]time.Duration{"garbage": long, "": time.Second,
		`{"server":"x"}`: time.Second, "[]": time.Second, "\xff\xfe": time.Second} {
		t.Run(fmt.Sprintf("%q", value), func(t *testing.T) {
			l := newLab(t)
			server := l.assigned()
			epoch := l.usurp(value)
			l.until("everybody says so", long, l.complained)
			l.untouched("with garbage for a leader", span, epoch, server)
			l.drop(leader)
			l.settle("without it")
			want(t, "server", l.assigned(), server)
		})
	}
}

func TestForeignersLeaseEndsAndVipdHasTheKeyAgain(t *testing.T) {
	l := newLab(t)
	server := l.assigned()
	session, err := concurrency.NewSession(l.Client, concurrency.WithTTL(5))
	must(t, err)
	l.usurp("a foreigner", clientv3.WithLease(session.Lease()))
	l.until("everybody says so", long, l.complained)
	must(t, session.Close()) // revokes
	l.settle("after the foreigner")
	want(t, "server", l.assigned(), server)
}

func TestHoldersRevokedLeaseMovesNothing(t *testing.T) {
	l := newLab(t)
	server := l.assigned()
	before, _ := l.leader()
	_, err := l.Revoke(t.Context(), clientv3.LeaseID(l.read(leader).Kvs[0].Lease))
	must(t, err)
	l.settle("with a new lease")
	after, _ := l.leader()
	want(t, "a new epoch", after > before, true)
	want(t, "server", l.assigned(), server)
}

func TestOneOfManyContendersHasTheKey(t *testing.T) {
	l := newLab(t)
	server := l.assigned()
	foreigners := 0
	for round := range 10 {
		l.settle(fmt.Sprintf("before round %d", round))
		var winners atomic.Int32
		var all sync.WaitGroup
		begin := make(chan struct{})
		for i := range 4 {
			all.Go(func() {
				<-begin
				for range 20 {
					if l.acquire(fmt.Sprintf("contender %d", i)) {
						winners.Add(1)
					}
				}
			})
		}
		l.drop(leader)
		close(begin)
		all.Wait()
		_, value := l.leader()
		theirs := strings.HasPrefix(value, "contender")
		want(t, "winners", winners.Load() <= 1, true)
		want(t, "the one who won has it: "+value, theirs, winners.Load() == 1)
		if theirs {
			foreigners++
			l.drop(leader)
		}
	}
	t.Logf("of 10 rounds, foreigners won %d", foreigners)
	l.settle("at last")
	want(t, "server", l.assigned(), server)
}

func TestHistoryCompactedByAnOperatorStopsNobody(t *testing.T) {
	l := newLab(t)
	epoch, _ := l.leader()
	done, err := l.Put(t.Context(), "/elsewhere", "x")
	must(t, err)
	_, err = l.Compact(t.Context(), done.Header.Revision)
	must(t, err)
	_, err = l.Defragment(t.Context(), l.Endpoints()[0])
	must(t, err)
	l.drop("/elsewhere")
	l.settle("after it")
	after, _ := l.leader()
	want(t, "epoch", after, epoch)
}
