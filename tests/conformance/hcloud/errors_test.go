package conformance

import (
	"errors"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func wantError(t *testing.T, err error, status int, code hcloud.ErrorCode) hcloud.Error {
	t.Helper()
	var refused hcloud.Error
	if !errors.As(err, &refused) {
		t.Fatalf("%v is not an error of the API with code %s", err, code)
	}
	want(t, "code", refused.Code, code)
	want(t, "status", refused.Response().StatusCode, status)
	if refused.Message == "" || refused.Response().Header.Get("X-Correlation-Id") == "" {
		t.Errorf("%v has no message or no correlation id", refused)
	}
	return refused
}

// Codes that hcloudsim gives by itself are in tests of their own below.
func TestEveryErrorIsReadAndRetriedAsHcloudGoDoes(t *testing.T) {
	const once, sixTimes = 1, 6
	for _, each := range []struct {
		status int
		code   hcloud.ErrorCode
		asked  int
	}{
		{400, hcloud.ErrorCodeJSONError, once},
		{401, hcloud.ErrorCodeUnauthorized, once},
		{401, "token_readonly", once},
		{403, hcloud.ErrorCodeForbidden, once},
		{403, hcloud.ErrorCodeMaintenance, once},
		{403, hcloud.ErrorCodeResourceLimitExceeded, once},
		{404, hcloud.ErrorCodeNotFound, once},
		{405, "method_not_allowed", once},
		{409, hcloud.ErrorCodeUniquenessError, once},
		{409, hcloud.ErrorCodeConflict, sixTimes},
		{410, hcloud.ErrorDeprecatedAPIEndpoint, once},
		{412, hcloud.ErrorCodeResourceUnavailable, once},
		{422, hcloud.ErrorCodeInvalidInput, once},
		{422, hcloud.ErrorCodeServiceError, once},
		{422, hcloud.ErrorUnsupportedError, once},
		{422, "floating_ip_assigned", once},
		{422, "must_be_unassigned", once},
		{422, hcloud.ErrorCodeIPNotAvailable, once},
		{423, hcloud.ErrorCodeLocked, once},
		{423, hcloud.ErrorCodeProtected, once},
		{423, hcloud.ErrorCodeResourceLocked, once},
		{429, hcloud.ErrorCodeRateLimitExceeded, sixTimes},
		{500, hcloud.ErrorCodeServerError, once},
		{502, hcloud.ErrorCodeBadGateway, sixTimes},
		{503, "unavailable", once},
		{504, hcloud.ErrorCodeTimeout, sixTimes},
	} {
		t.Run(string(each.code), func(t *testing.T) {
			c := newCloud(t)
			fip, server := c.floatingIP(fields{"name": "api"}), c.server("cp-1")
			c.do("POST", "/faults", fields{"fault": "error", "status": each.status,
				"code": each.code, "match": fields{"method": "POST"}})
			asked := c.requests(func() {
				_, _, err := c.FloatingIP.Assign(t.Context(), fip, server)
				wantError(t, err, each.status, each.code)
			})
			want(t, "requests", asked, each.asked)
			if now := c.read(fip).Server; now != nil {
				t.Errorf("assigned all the same: %v", now)
			}
		})
	}
}

func TestUnknownTokenIsUnauthorized(t *testing.T) {
	c := newCloud(t)
	_, err := c.clientOf("of-nobody").FloatingIP.All(t.Context())
	refused := wantError(t, err, 401, hcloud.ErrorCodeUnauthorized)
	want(t, "message", refused.Message, "unable to authenticate")
}

func TestTokenThatMayOnlyReadIsForbiddenToWrite(t *testing.T) {
	c := newCloud(t)
	fip, server := c.floatingIP(fields{"name": "api"}), c.server("cp-1")
	client := c.clientOf(reader)
	_, _, err := client.FloatingIP.GetByID(t.Context(), fip.ID)
	must(t, err)
	_, _, err = client.FloatingIP.Assign(t.Context(), fip, server)
	wantError(t, err, 403, hcloud.ErrorCodeForbidden)
}

func TestInvalidInputNamesTheField(t *testing.T) {
	c := newCloud(t)
	_, _, err := c.FloatingIP.Create(t.Context(), hcloud.FloatingIPCreateOpts{
		Type: hcloud.FloatingIPTypeIPv4, HomeLocation: &hcloud.Location{Name: "atlantis"}})
	refused := wantError(t, err, 422, hcloud.ErrorCodeInvalidInput)
	details, ok := refused.Details.(hcloud.ErrorDetailsInvalidInput)
	if !ok || len(details.Fields) != 1 || len(details.Fields[0].Messages) != 1 {
		t.Fatalf("details: %#v", refused.Details)
	}
	want(t, "field", details.Fields[0].Name, "home_location")
}

func TestNameIsUnique(t *testing.T) {
	c := newCloud(t)
	c.floatingIP(fields{"name": "api"})
	_, _, err := c.FloatingIP.Create(t.Context(), hcloud.FloatingIPCreateOpts{
		Type: hcloud.FloatingIPTypeIPv4, HomeLocation: &hcloud.Location{Name: "fsn1"},
		Name: hcloud.Ptr("api")})
	wantError(t, err, 409, hcloud.ErrorCodeUniquenessError)
}

func TestSecondAssignIsLockedWhileTheFirstRuns(t *testing.T) {
	c := newCloud(t)
	c.do("PUT", "/latency", fields{"fixed_ms": 60000})
	fip := c.floatingIP(fields{"name": "api"})
	c.assign(fip, c.server("cp-1"))
	asked := c.requests(func() {
		_, _, err := c.FloatingIP.Assign(t.Context(), fip, c.server("cp-2"))
		wantError(t, err, 423, hcloud.ErrorCodeLocked)
	})
	want(t, "requests: the caller must wait himself", asked, 1)
}

func TestAssigningWhereItIsIsRefused(t *testing.T) {
	c := newCloud(t)
	server := c.server("cp-1")
	fip := c.floatingIP(fields{"name": "api", "server": server.ID})
	_, _, err := c.FloatingIP.Assign(t.Context(), fip, server)
	wantError(t, err, 422, "floating_ip_assigned")
}

func TestAssigningWhatIsNotThereIsNotFound(t *testing.T) {
	c := newCloud(t)
	_, _, err := c.FloatingIP.Assign(t.Context(), &hcloud.FloatingIP{ID: 1}, c.server("cp-1"))
	wantError(t, err, 404, hcloud.ErrorCodeNotFound)
	_, _, err = c.FloatingIP.Assign(t.Context(), c.floatingIP(fields{}), &hcloud.Server{ID: 1})
	wantError(t, err, 404, hcloud.ErrorCodeNotFound)
}

func TestWhatWasRemovedIsGone(t *testing.T) {
	c := newCloud(t)
	fip := c.floatingIP(fields{"name": "api"})
	action := c.assign(fip, c.server("cp-1"))
	for what, ask := range map[string]func() error{
		"datacenters":           func() error { _, err := c.Datacenter.All(t.Context()); return err },
		"actions without an id": func() error { _, err := c.Action.All(t.Context()); return err },
		"an action below its resource": func() error {
			return c.raw("GET", "/floating_ips/"+id(fip.ID)+"/actions/"+id(action.ID), "")
		},
	} {
		t.Run(what, func(t *testing.T) {
			refused := wantError(t, ask(), 410, hcloud.ErrorDeprecatedAPIEndpoint)
			details, ok := refused.Details.(hcloud.ErrorDetailsDeprecatedAPIEndpoint)
			if !ok || !strings.HasPrefix(details.Announcement, "https://docs.hetzner.cloud/") {
				t.Errorf("details: %#v", refused.Details)
			}
		})
	}
}

func TestRequestsNobodyShouldSend(t *testing.T) {
	c := newCloud(t)
	wantError(t, c.raw("POST", "/floating_ips", "{"), 400, hcloud.ErrorCodeJSONError)
	wantError(t, c.raw("PATCH", "/floating_ips", "{}"), 405, "method_not_allowed")
	wantError(t, c.raw("GET", "/balloons", ""), 404, hcloud.ErrorCodeNotFound)
}

// Answers that are none of the API's own.
func TestBrokenAnswersAreErrors(t *testing.T) {
	for fault, asked := range map[string]int{"html502": 6, "malformed": 1, "truncate": 1, "reset": 1} {
		t.Run(fault, func(t *testing.T) {
			c := newCloud(t)
			c.do("POST", "/faults", fields{"fault": fault})
			got := c.requests(func() {
				_, err := c.FloatingIP.All(t.Context())
				var refused hcloud.Error
				if err == nil || errors.As(err, &refused) {
					t.Errorf("taken for an answer of the API: %v", err)
				}
			})
			if fault == "reset" { // Go's own transport may repeat a GET
				want(t, "requests", got >= asked, true)
			} else {
				want(t, "requests", got, asked)
			}
		})
	}
}
