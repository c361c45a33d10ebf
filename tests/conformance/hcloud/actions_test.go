package conformance

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// An assign that was accepted.
func (c *cloud) assign(fip *hcloud.FloatingIP, server *hcloud.Server) *hcloud.Action {
	c.t.Helper()
	action, _, err := c.FloatingIP.Assign(c.t.Context(), fip, server)
	must(c.t, err)
	return action
}

func TestActionRunsAndThenSucceeds(t *testing.T) {
	c := newCloud(t)
	c.do("PUT", "/latency", fields{"fixed_ms": 200})
	action := c.assign(c.floatingIP(fields{"name": "api"}), c.server("cp-1"))
	want(t, "progress at first", action.Progress, 0)
	want(t, "finished at first", action.Finished.IsZero(), true)

	var seen []hcloud.ActionStatus
	must(t, c.Action.WaitForFunc(t.Context(), func(update *hcloud.Action) error {
		seen = append(seen, update.Status)
		*action = *update
		return nil
	}, action))
	if len(seen) < 2 || seen[0] != hcloud.ActionStatusRunning {
		t.Errorf("seen on the way: %v", seen)
	}
	want(t, "at last", action.Status, hcloud.ActionStatusSuccess)
	want(t, "progress", action.Progress, 100)
	want(t, "finished after its start", action.Finished.Before(action.Started), false)
	must(t, action.Error())
}

func TestActionThatFailsSaysWhyAndChangesNothing(t *testing.T) {
	c := newCloud(t)
	fip := c.floatingIP(fields{"name": "api"})
	c.do("POST", "/faults", fields{"fault": "action_error", "count": 1})
	action := c.assign(fip, c.server("cp-1"))
	err := c.Action.WaitFor(t.Context(), action)
	var failed hcloud.ActionError
	if !errors.As(err, &failed) {
		t.Fatalf("%v is no ActionError", err)
	}
	want(t, "code", failed.Code, "action_failed")
	want(t, "action", failed.Action().ID, action.ID)
	want(t, "status", failed.Action().Status, hcloud.ActionStatusError)
	if server := c.read(fip).Server; server != nil {
		t.Errorf("assigned to %v", server)
	}
}

func TestWaitingForAnActionCanBeGivenUp(t *testing.T) {
	c := newCloud(t)
	c.do("PUT", "/latency", fields{"fixed_ms": 60000})
	action := c.assign(c.floatingIP(fields{"name": "api"}), c.server("cp-1"))
	context, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if err := c.Action.WaitFor(context, action); err == nil || context.Err() == nil {
		t.Errorf("waited: %v", err)
	}
	later, _, err := c.Action.GetByID(t.Context(), action.ID)
	must(t, err)
	want(t, "status", later.Status, hcloud.ActionStatusRunning)
}

func TestManyActionsAreWaitedForTogether(t *testing.T) {
	c := newCloud(t)
	server := c.server("cp-1")
	c.do("PUT", "/switches", fields{"lock_servers": false})
	var actions []*hcloud.Action
	for range 30 { // hcloud-go asks for 25 at once
		actions = append(actions, c.assign(c.floatingIP(fields{}), server))
	}
	must(t, c.Action.WaitFor(t.Context(), actions...))
}

func TestActionsAreReadByIDAndByResource(t *testing.T) {
	c := newCloud(t)
	fip, server := c.floatingIP(fields{"name": "api"}), c.server("cp-1")
	action := c.assign(fip, server)
	must(t, c.Action.WaitFor(t.Context(), action))
	c.assign(c.floatingIP(fields{"name": "other"}), c.server("cp-2"))

	byID, err := c.Action.AllWithOpts(t.Context(), hcloud.ActionListOpts{ID: []int64{action.ID}})
	must(t, err)
	ofFIP, err := c.FloatingIP.Action.AllFor(t.Context(), fip, hcloud.ActionListOpts{})
	must(t, err)
	ofServer, err := c.Server.Action.AllFor(t.Context(), server, hcloud.ActionListOpts{
		Status: []hcloud.ActionStatus{hcloud.ActionStatusSuccess}})
	must(t, err)
	for what, found := range map[string][]*hcloud.Action{
		"by id": byID, "of the Floating IP": ofFIP, "of the server": ofServer} {
		if len(found) != 1 || found[0].ID != action.ID {
			t.Errorf("%s: %v", what, found)
		}
	}
	all, err := c.FloatingIP.Action.All(t.Context(), hcloud.ActionListOpts{Sort: []string{"id:desc"}})
	must(t, err)
	want(t, "of all Floating IPs", len(all), 2)
	want(t, "the older one", all[1].ID, action.ID)

	one, _, err := c.FloatingIP.Action.GetByID(t.Context(), action.ID)
	must(t, err)
	want(t, "command", one.Command, "assign_floating_ip")
	none, _, err := c.Action.GetByID(t.Context(), 999999)
	must(t, err)
	if none != nil {
		t.Errorf("found %v", none)
	}
}
