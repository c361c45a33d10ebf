package conformance

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestFloatingIPHasAllItsFields(t *testing.T) {
	c := newCloud(t)
	server := c.server("cp-1")
	v4 := c.read(c.floatingIP(fields{"name": "api", "type": "ipv4", "ip": "203.0.113.10",
		"labels": fields{"cluster": "lab"}, "home_location": "fsn1", "server": server.ID}))
	want(t, "name", v4.Name, "api")
	want(t, "address", v4.IP.String(), "203.0.113.10")
	want(t, "type", v4.Type, hcloud.FloatingIPTypeIPv4)
	want(t, "server", v4.Server.ID, server.ID)
	want(t, "label", v4.Labels["cluster"], "lab")
	want(t, "home location", v4.HomeLocation.Name, "fsn1")
	want(t, "zone", v4.HomeLocation.NetworkZone, hcloud.NetworkZoneEUCentral)
	want(t, "blocked", v4.Blocked, false)
	want(t, "protected", v4.Protection.Delete, false)
	if since := time.Since(v4.Created); since < -time.Minute || since > time.Hour {
		t.Errorf("created %v", v4.Created)
	}

	v6 := c.read(c.floatingIP(fields{"name": "api-v6", "type": "ipv6",
		"ip": "2001:db8:f:1::/64"}))
	want(t, "network", v6.Network.String(), "2001:db8:f:1::/64")
	want(t, "address", v6.IP.String(), "2001:db8:f:1::")
	if v6.Server != nil {
		t.Errorf("assigned to %v", v6.Server)
	}
}

func TestFloatingIPIsFoundByNameAndByID(t *testing.T) {
	c := newCloud(t)
	wanted := c.floatingIP(fields{"name": "api"})
	c.floatingIP(fields{"name": "api-2"})
	for _, key := range []string{"api", fmt.Sprint(wanted.ID)} {
		found, _, err := c.FloatingIP.Get(t.Context(), key)
		must(t, err)
		want(t, key, found.ID, wanted.ID)
	}
	for _, key := range []string{"ap", "999999"} {
		found, _, err := c.FloatingIP.Get(t.Context(), key)
		must(t, err)
		if found != nil {
			t.Errorf("%s is %v", key, found)
		}
	}
}

func TestFloatingIPsAreListedByLabelSelector(t *testing.T) {
	c := newCloud(t)
	c.floatingIP(fields{"name": "lab", "labels": fields{"cluster": "lab", "vipd/group": "api"}})
	c.floatingIP(fields{"name": "prod", "labels": fields{"cluster": "prod"}})
	c.floatingIP(fields{"name": "bare"})
	for selector, wanted := range map[string]string{
		"cluster=lab":                  "lab",
		"cluster==prod":                "prod",
		"cluster!=lab":                 "bare prod",
		"cluster":                      "lab prod",
		"!cluster":                     "bare",
		"cluster in (lab,prod)":        "lab prod",
		"cluster notin (lab)":          "bare prod",
		"cluster=lab,vipd/group==api":  "lab",
		"cluster=prod,vipd/group==api": "",
	} {
		found, err := c.FloatingIP.AllWithOpts(t.Context(), hcloud.FloatingIPListOpts{
			ListOpts: hcloud.ListOpts{LabelSelector: selector}})
		must(t, err)
		var names []string
		for _, each := range found {
			names = append(names, each.Name)
		}
		slices.Sort(names)
		want(t, selector, strings.Join(names, " "), wanted)
	}
	_, err := c.FloatingIP.AllWithOpts(t.Context(), hcloud.FloatingIPListOpts{
		ListOpts: hcloud.ListOpts{LabelSelector: "cluster in ("}})
	wantError(t, err, 422, hcloud.ErrorCodeInvalidInput)
}

func TestFloatingIPsComeInPages(t *testing.T) {
	c := newCloud(t)
	for i := range 60 {
		c.floatingIP(fields{"name": fmt.Sprintf("fip-%02d", i)})
	}
	asked := c.requests(func() {
		all, err := c.FloatingIP.All(t.Context())
		must(t, err)
		want(t, "Floating IPs", len(all), 60)
	})
	want(t, "pages of 50", asked, 2)

	third, response, err := c.FloatingIP.List(t.Context(), hcloud.FloatingIPListOpts{
		ListOpts: hcloud.ListOpts{Page: 3}, Sort: []string{"id:desc"}})
	must(t, err)
	want(t, "on the third page of 25", len(third), 10)
	want(t, "the last, as the first made", third[9].Name, "fip-00")
	want(t, "page", *response.Meta.Pagination, hcloud.Pagination{Page: 3, PerPage: 25,
		PreviousPage: 2, NextPage: 0, LastPage: 3, TotalEntries: 60})
	links := response.Header.Get("Link")
	want(t, "Link to the page before", strings.Contains(links, `page=2`), true)
	want(t, "Link to a next page", strings.Contains(links, `rel="next"`), false)
}

func TestFloatingIPIsAssignedMovedAndUnassigned(t *testing.T) {
	c := newCloud(t)
	one, two := c.server("cp-1"), c.server("cp-2")
	fip := c.floatingIP(fields{"name": "api"})
	for _, server := range []*hcloud.Server{one, two} {
		action, response, err := c.FloatingIP.Assign(t.Context(), fip, server)
		must(t, err)
		want(t, "status", response.StatusCode, 201)
		want(t, "command", action.Command, "assign_floating_ip")
		want(t, "at first", action.Status, hcloud.ActionStatusRunning)
		want(t, "of", *action.Resources[0],
			hcloud.ActionResource{ID: server.ID, Type: hcloud.ActionResourceTypeServer})
		want(t, "and of", *action.Resources[1],
			hcloud.ActionResource{ID: fip.ID, Type: hcloud.ActionResourceTypeFloatingIP})
		must(t, c.Action.WaitFor(t.Context(), action))
		want(t, "then on", c.read(fip).Server.ID, server.ID)
	}
	action, _, err := c.FloatingIP.Unassign(t.Context(), fip)
	must(t, err)
	want(t, "command", action.Command, "unassign_floating_ip")
	must(t, c.Action.WaitFor(t.Context(), action))
	if server := c.read(fip).Server; server != nil {
		t.Errorf("still on %v", server)
	}
}

func TestFloatingIPIsCreatedChangedAndDeleted(t *testing.T) {
	c := newCloud(t)
	server := c.server("cp-1")
	created, _, err := c.FloatingIP.Create(t.Context(), hcloud.FloatingIPCreateOpts{
		Type: hcloud.FloatingIPTypeIPv4, Server: server, Name: hcloud.Ptr("api"),
		Labels: map[string]string{"cluster": "lab"}})
	must(t, err)
	must(t, c.Action.WaitFor(t.Context(), created.Action))
	fip := c.read(created.FloatingIP)
	want(t, "server", fip.Server.ID, server.ID)

	changed, _, err := c.FloatingIP.Update(t.Context(), fip, hcloud.FloatingIPUpdateOpts{
		Name: "lab-api", Description: "of the lab", Labels: map[string]string{"other": "x"}})
	must(t, err)
	want(t, "name", changed.Name, "lab-api")
	want(t, "description", changed.Description, "of the lab")
	want(t, "labels are replaced", fmt.Sprint(changed.Labels), "map[other:x]")

	_, err = c.FloatingIP.Delete(t.Context(), fip)
	wantError(t, err, 422, "must_be_unassigned")
	action, _, err := c.FloatingIP.Unassign(t.Context(), fip)
	must(t, err)
	must(t, c.Action.WaitFor(t.Context(), action))
	response, err := c.FloatingIP.Delete(t.Context(), fip)
	must(t, err)
	want(t, "status", response.StatusCode, 204)
	gone, _, err := c.FloatingIP.GetByID(t.Context(), fip.ID)
	must(t, err)
	if gone != nil {
		t.Errorf("still there: %v", gone)
	}
}

func TestFloatingIPWithAHomeOnlyIsCreatedWithoutAnAction(t *testing.T) {
	c := newCloud(t)
	for _, kind := range []hcloud.FloatingIPType{"ipv4", "ipv6"} {
		created, _, err := c.FloatingIP.Create(t.Context(), hcloud.FloatingIPCreateOpts{
			Type: kind, HomeLocation: &hcloud.Location{Name: "hel1"}})
		must(t, err)
		if created.Action != nil {
			t.Errorf("action %v", created.Action)
		}
		want(t, "home", c.read(created.FloatingIP).HomeLocation.Name, "hel1")
	}
}

func TestProtectedFloatingIPIsNotDeleted(t *testing.T) {
	c := newCloud(t)
	fip := c.floatingIP(fields{"name": "api"})
	protect := func(on bool) {
		action, _, err := c.FloatingIP.ChangeProtection(t.Context(), fip,
			hcloud.FloatingIPChangeProtectionOpts{Delete: &on})
		must(t, err)
		must(t, c.Action.WaitFor(t.Context(), action))
		want(t, "protected", c.read(fip).Protection.Delete, on)
	}
	protect(true)
	_, err := c.FloatingIP.Delete(t.Context(), fip)
	wantError(t, err, 423, hcloud.ErrorCodeProtected)
	protect(false)
	_, err = c.FloatingIP.Delete(t.Context(), fip)
	must(t, err)
}

func TestReverseNameIsSetAndReset(t *testing.T) {
	c := newCloud(t)
	fip := c.floatingIP(fields{"name": "api", "type": "ipv4", "ip": "203.0.113.10"})
	change := func(name *string) string {
		action, _, err := c.RDNS.ChangeDNSPtr(t.Context(), c.read(fip),
			net.ParseIP("203.0.113.10"), name)
		must(t, err)
		must(t, c.Action.WaitFor(t.Context(), action))
		return c.read(fip).DNSPtr["203.0.113.10"]
	}
	want(t, "set", change(hcloud.Ptr("api.example.com")), "api.example.com")
	if name := change(nil); name == "api.example.com" {
		t.Errorf("still %q", name)
	}
}
