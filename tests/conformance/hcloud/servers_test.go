package conformance

import (
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestServerHasWhatVipdReads(t *testing.T) {
	c := newCloud(t)
	number := c.make("/servers", fields{"name": "cp-1", "location": "hel1",
		"labels": fields{"role": "control-plane"}, "public_ipv4": "198.18.1.11",
		"public_ipv6_net": "2001:db8:a:1::/64", "private_ips": []fields{{"ip": "10.0.1.11",
			"network": "10.0.0.0/16", "subnet": "10.0.1.0/24", "gateway": "10.0.0.1"}}})
	fip := c.floatingIP(fields{"name": "api", "server": number})
	server, _, err := c.Server.GetByName(t.Context(), "cp-1")
	must(t, err)
	want(t, "id", server.ID, number)
	want(t, "status", server.Status, hcloud.ServerStatusRunning)
	want(t, "location", server.Location.Name, "hel1")
	want(t, "label", server.Labels["role"], "control-plane")
	want(t, "public v4", server.PublicNet.IPv4.IP.String(), "198.18.1.11")
	want(t, "public v6", server.PublicNet.IPv6.Network.String(), "2001:db8:a:1::/64")
	want(t, "private v4", server.PrivateNet[0].IP.String(), "10.0.1.11")
	want(t, "Floating IPs", len(server.PublicNet.FloatingIPs), 1)
	want(t, "Floating IP", server.PublicNet.FloatingIPs[0].ID, fip.ID)
	want(t, "architecture", server.ServerType.Architecture, hcloud.ArchitectureX86)

	labelled, err := c.Server.AllWithOpts(t.Context(), hcloud.ServerListOpts{
		ListOpts: hcloud.ListOpts{LabelSelector: "role=worker"}})
	must(t, err)
	want(t, "workers", len(labelled), 0)
}

func TestDeletedServerLosesItsFloatingIP(t *testing.T) {
	c := newCloud(t)
	server := c.server("cp-1")
	fip := c.floatingIP(fields{"name": "api", "server": server.ID})
	deleted, _, err := c.Server.DeleteWithResult(t.Context(), server)
	must(t, err)
	must(t, c.Action.WaitFor(t.Context(), deleted.Action))
	gone, _, err := c.Server.GetByID(t.Context(), server.ID)
	must(t, err)
	if gone != nil {
		t.Errorf("still there: %v", gone)
	}
	if now := c.read(fip).Server; now != nil {
		t.Errorf("still on %v", now)
	}
}

func TestServerIsPoweredOffAndOn(t *testing.T) {
	c := newCloud(t)
	server := c.server("cp-1")
	for _, each := range []struct {
		do   func() (*hcloud.Action, *hcloud.Response, error)
		then hcloud.ServerStatus
	}{
		{func() (*hcloud.Action, *hcloud.Response, error) {
			return c.Server.Poweroff(t.Context(), server)
		}, hcloud.ServerStatusOff},
		{func() (*hcloud.Action, *hcloud.Response, error) {
			return c.Server.Poweron(t.Context(), server)
		}, hcloud.ServerStatusRunning},
	} {
		action, _, err := each.do()
		must(t, err)
		must(t, c.Action.WaitFor(t.Context(), action))
		now, _, err := c.Server.GetByID(t.Context(), server.ID)
		must(t, err)
		want(t, "status", now.Status, each.then)
	}
}

func TestLocationsAndPrices(t *testing.T) {
	c := newCloud(t)
	locations, err := c.Location.All(t.Context())
	must(t, err)
	zones := map[string]hcloud.NetworkZone{}
	for _, each := range locations {
		zones[each.Name] = each.NetworkZone
	}
	want(t, "hel1", zones["hel1"], hcloud.NetworkZoneEUCentral)
	want(t, "ash", zones["ash"], hcloud.NetworkZoneUSEast)

	pricing, _, err := c.Pricing.Get(t.Context())
	must(t, err)
	want(t, "currency", pricing.Currency, "EUR")
	for _, each := range pricing.FloatingIPs {
		if len(each.Pricings) == 0 || each.Pricings[0].Monthly.Net == "" {
			t.Errorf("no price for %s", each.Type)
		}
	}
	want(t, "kinds of Floating IPs with a price", len(pricing.FloatingIPs), 2)
}
