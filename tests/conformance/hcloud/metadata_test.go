package conformance

import (
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/metadata"
)

func (c *cloud) onServer(mode string, body fields) *metadata.Client {
	c.t.Helper()
	body["name"] = "cp-1"
	server := c.make("/servers", body)
	c.do("PUT", "/metadata", fields{"peer": "127.0.0.1", "server": server, "mode": mode})
	return metadata.NewClient(metadata.WithEndpoint(c.metadata),
		metadata.WithTimeout(300*time.Millisecond))
}

func TestMetadataOfAServer(t *testing.T) {
	c := newCloud(t)
	on := c.onServer("normal", fields{"id": 4711, "location": "hel1",
		"public_ipv4": "198.18.1.11", "private_ips": []fields{{"ip": "10.0.1.11",
			"network": "10.0.0.0/16", "subnet": "10.0.1.0/24", "gateway": "10.0.0.1"}}})
	want(t, "is a server of Hetzner", on.IsHcloudServerWithContext(t.Context()), true)
	number, err := on.InstanceIDWithContext(t.Context())
	must(t, err)
	want(t, "instance id", number, 4711)
	name, err := on.HostnameWithContext(t.Context())
	must(t, err)
	want(t, "hostname", name, "cp-1")
	address, err := on.PublicIPv4WithContext(t.Context())
	must(t, err)
	want(t, "public v4", address.String(), "198.18.1.11")
	region, err := on.RegionWithContext(t.Context())
	must(t, err)
	want(t, "region", region, "eu-central")
	zone, err := on.AvailabilityZoneWithContext(t.Context())
	must(t, err)
	want(t, "location of the zone", strings.Split(zone, "-")[0], "hel1")
	networks, err := on.PrivateNetworksWithContext(t.Context())
	must(t, err)
	for _, line := range []string{"- ip: 10.0.1.11", "subnet: 10.0.1.0/24", "gateway: 10.0.0.1",
		"interface_num: 1"} {
		want(t, line, strings.Contains(networks, line), true)
	}
}

func TestMetadataOfAServerWithoutPublicV4(t *testing.T) {
	c := newCloud(t)
	on := c.onServer("normal", fields{"public_ipv6_net": "2001:db8:a:1::/64"})
	if address, err := on.PublicIPv4WithContext(t.Context()); address != nil {
		t.Errorf("public v4 %v (%v)", address, err)
	}
}

func TestMetadataThatIsMissingOrSilentIsNoServer(t *testing.T) {
	for _, mode := range []string{"missing", "silent"} {
		t.Run(mode, func(t *testing.T) {
			on := newCloud(t).onServer(mode, fields{})
			want(t, "is a server of Hetzner", on.IsHcloudServerWithContext(t.Context()), false)
			if number, err := on.InstanceIDWithContext(t.Context()); err == nil {
				t.Errorf("instance id %d", number)
			}
		})
	}
}
