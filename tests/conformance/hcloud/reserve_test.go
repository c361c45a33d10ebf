package conformance

import (
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// What `vipctl reserve` relies on, in its order.
func TestFloatingIPIsReservedByName(t *testing.T) {
	c := newCloud(t)
	labels := map[string]string{"vipd.cluster": "prod", "env": "1"}
	opts := hcloud.FloatingIPCreateOpts{Type: hcloud.FloatingIPTypeIPv4, Name: hcloud.Ptr("prod-api"),
		HomeLocation: &hcloud.Location{Name: "nbg1"}, Labels: labels}
	created, response, err := c.FloatingIP.Create(t.Context(), opts)
	must(t, err)
	want(t, "status", response.StatusCode, 201)
	fip := c.read(created.FloatingIP)
	want(t, "name", fip.Name, "prod-api")
	want(t, "home", fip.HomeLocation.Name, "nbg1")
	want(t, "type", fip.Type, hcloud.FloatingIPTypeIPv4)
	want(t, "label", fip.Labels["vipd.cluster"], "prod")
	want(t, "other label", fip.Labels["env"], "1")
	want(t, "protected", fip.Protection.Delete, false)
	if fip.Server != nil || fip.IP.To4() == nil {
		t.Errorf("server %v, address %v", fip.Server, fip.IP)
	}

	_, _, err = c.FloatingIP.Create(t.Context(), opts)
	refused := wantError(t, err, 409, hcloud.ErrorCodeUniquenessError)
	if text := refused.Error(); !strings.Contains(text, "name") {
		t.Errorf("does not name the field: %s", text)
	}
	all, err := c.FloatingIP.AllWithOpts(t.Context(), hcloud.FloatingIPListOpts{Name: "prod-api"})
	must(t, err)
	want(t, "of that name", len(all), 1)
}

func TestProjectHasALimitOfFloatingIPs(t *testing.T) {
	c := newCloud(t)
	c.do("PUT", "/switches", fields{"most_floating_ips": 1})
	create := func() error {
		_, _, err := c.FloatingIP.Create(t.Context(), hcloud.FloatingIPCreateOpts{
			Type: hcloud.FloatingIPTypeIPv4, HomeLocation: &hcloud.Location{Name: "fsn1"}})
		return err
	}
	must(t, create())
	wantError(t, create(), 403, hcloud.ErrorCodeResourceLimitExceeded)
}

func TestProtectionIsAnActionThatLocksAndMayFail(t *testing.T) {
	c := newCloud(t)
	fip := c.floatingIP(fields{"name": "api"})
	c.do("PUT", "/latency", fields{"other_ms": 60000})
	protect := hcloud.FloatingIPChangeProtectionOpts{Delete: hcloud.Ptr(true)}
	action, response, err := c.FloatingIP.ChangeProtection(t.Context(), fip, protect)
	must(t, err)
	want(t, "status", response.StatusCode, 201)
	want(t, "command", action.Command, "change_protection")
	want(t, "of", *action.Resources[0],
		hcloud.ActionResource{ID: fip.ID, Type: hcloud.ActionResourceTypeFloatingIP})
	_, _, err = c.FloatingIP.ChangeProtection(t.Context(), fip, protect)
	wantError(t, err, 423, hcloud.ErrorCodeLocked)
	want(t, "protected while it runs", c.read(fip).Protection.Delete, false)

	other := c.floatingIP(fields{"name": "other"})
	c.do("PUT", "/latency", fields{"other_ms": 50})
	c.do("POST", "/faults", fields{"fault": "action_error", "match": fields{"method": "POST"}})
	action, _, err = c.FloatingIP.ChangeProtection(t.Context(), other, protect)
	must(t, err)
	if err := c.Action.WaitFor(t.Context(), action); err == nil {
		t.Error("a failed action is no error")
	}
	want(t, "protected after the failure", c.read(other).Protection.Delete, false)
}

// Prices that hcloud-go reads are those vipctl adds up.
func TestFloatingIPsHaveAPriceInEveryLocation(t *testing.T) {
	c := newCloud(t)
	pricing, _, err := c.Pricing.Get(t.Context())
	must(t, err)
	want(t, "currency", pricing.Currency, "EUR")
	locations, err := c.Location.All(t.Context())
	must(t, err)
	kinds := map[hcloud.FloatingIPType]int{}
	for _, kind := range pricing.FloatingIPs {
		for _, price := range kind.Pricings {
			if price.Monthly.Net == "" || price.Monthly.Gross == "" || price.Location.Name == "" {
				t.Errorf("%s: %+v", kind.Type, price)
			}
			kinds[kind.Type]++
		}
	}
	want(t, "prices of v4", kinds[hcloud.FloatingIPTypeIPv4], len(locations))
	want(t, "prices of v6", kinds[hcloud.FloatingIPTypeIPv6], len(locations))
}
