package conformance

import (
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestEveryAnswerSaysWhatIsLeft(t *testing.T) {
	c := newCloud(t)
	_, response, err := c.FloatingIP.GetByID(t.Context(), 999999)
	must(t, err)
	rate := response.Meta.Ratelimit
	want(t, "limit", rate.Limit, 3600)
	want(t, "remaining", rate.Remaining, 3599)
	if left := time.Until(rate.Reset); left < -2*time.Second || left > 4*time.Second {
		t.Errorf("full again in %v", left)
	}
	_, err = c.clientOf(writer).FloatingIP.All(t.Context())
	must(t, err)
	_, response, err = c.clientOf(reader).FloatingIP.GetByID(t.Context(), 999999)
	must(t, err)
	want(t, "remaining for all of the project", response.Meta.Ratelimit.Remaining <= 3598, true)
}

func TestRetriesOutlastAnEmptyBucket(t *testing.T) {
	c := newCloud(t)
	c.do("PUT", "/ratelimit", fields{"limit": 3600, "refill_per_second": 20})
	c.do("PUT", "/ratelimit", fields{"remaining": 0, "token": writer})
	asked := c.requests(func() {
		_, err := c.FloatingIP.All(t.Context())
		must(t, err)
	})
	if asked < 2 || asked > 6 {
		t.Errorf("asked %d times", asked)
	}
}

func TestEmptyBucketIsGivenUpAfterFiveRetries(t *testing.T) {
	c := newCloud(t)
	c.do("PUT", "/ratelimit", fields{"remaining": 0})
	server, fip := c.server("cp-1"), c.floatingIP(fields{"name": "api"})
	asked := c.requests(func() {
		_, _, err := c.FloatingIP.Assign(t.Context(), fip, server)
		refused := wantError(t, err, 429, hcloud.ErrorCodeRateLimitExceeded)
		want(t, "message", refused.Message, "limit of 3600 requests per hour reached")
		rate := refused.Response().Meta.Ratelimit
		want(t, "remaining", rate.Remaining, 0)
		if left := time.Until(rate.Reset); left < 59*time.Minute || left > 61*time.Minute {
			t.Errorf("full again in %v", left)
		}
	})
	want(t, "requests", asked, 6)
}

func TestBucketIsTheProjectsOrTheTokens(t *testing.T) {
	for scope, wanted := range map[string]string{"project": "refused", "token": "answered"} {
		t.Run(scope, func(t *testing.T) {
			c := newCloud(t)
			c.do("PUT", "/switches", fields{"ratelimit_scope": scope})
			c.do("PUT", "/ratelimit", fields{"remaining": 0, "token": writer})
			_, err := c.clientOf(reader).FloatingIP.All(t.Context())
			got := "answered"
			if err != nil && strings.Contains(err.Error(), "rate_limit_exceeded") {
				got = "refused"
			}
			want(t, "the other token is", got, wanted)
		})
	}
}
