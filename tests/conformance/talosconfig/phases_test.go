package conformance

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/encoder"
)

var phases = []string{"prepare", "daemon", "cutover", "finalize"}

// From 1.11 to what this module is of.
func minors() []string {
	var all []string
	for minor := 11; ; minor++ {
		name := fmt.Sprintf("v1.%d", minor)
		contract, err := config.ParseContractFromVersion(name)
		if err != nil || minor > currentMinor {
			return all
		}
		_ = contract
		all = append(all, name)
	}
}

func inEveryEra(t *testing.T, judge func(t *testing.T, w tool, live string)) {
	for _, minor := range minors() {
		for name, comments := range map[string]encoder.CommentsFlags{
			"bare": encoder.CommentsDisabled, "commented": encoder.CommentsAll} {
			t.Run(minor+" "+name, func(t *testing.T) {
				judge(t, newTool(t, minor), generated(t, minor, comments))
			})
		}
	}
}

// One step: our edit is what Talos makes of our patches, it is fit to run, and nothing is left to
// do, also where Talos has written the config anew.
func (w tool) step(phase, live string, more ...string) string {
	w.t.Helper()
	edited := w.edited(phase, live, more...)
	patches := w.patches(phase, live, more...)
	if len(patches) == 0 {
		w.t.Errorf("%s: renders nothing", phase)
	}
	ours := encode(w.t, load(w.t, edited))
	if theirs := encode(w.t, patched(w.t, live, patches)); ours != theirs {
		w.t.Errorf("%s: edited:\n%s\npatched by Talos:\n%s", phase, ours, theirs)
	}
	for what, text := range map[string]string{"edited": edited, "written anew": ours} {
		if again := w.patches(phase, text, more...); len(again) != 0 {
			w.t.Errorf("%s, %s: renders again:\n%s", phase, what, strings.Join(again, "---\n"))
		}
	}
	return edited
}

func TestPhasesLeadToAStableEndpointAsTalosReadsIt(t *testing.T) {
	inEveryEra(t, func(t *testing.T, w tool, live string) {
		for _, phase := range phases {
			live = w.step(phase, live)
		}
		provider := load(t, live)
		if endpoint := endpointOf(provider); endpoint != newEndpoint {
			t.Errorf("endpoint %s", endpoint)
		}
		text := encode(t, provider)
		for _, wanted := range []string{"203.0.113.10", "203.0.113.11", "api.example.com",
			"shutdown-delay-duration: 5s", "10.0.1.0/24", "image: ghcr.io/acme/vipd"} {
			if !strings.Contains(text, wanted) {
				t.Errorf("%s is missing", wanted)
			}
		}
		if strings.Contains(text, "- 49.13.53.183\n") {
			t.Error("still names the old address")
		}
	})
}

func TestIssuerMovesAsTalosReadsIt(t *testing.T) {
	inEveryEra(t, func(t *testing.T, w tool, live string) {
		for _, phase := range phases {
			live = w.edited(phase, live)
		}
		if w.minor < "v1.13" {
			out, complaint, code := w.run(w.phase("finalize", live, "--move-issuer", "accept")...)
			if code != 1 || out != "" || !strings.Contains(complaint, "before 1.13") {
				t.Errorf("exit %d: %s%s", code, out, complaint)
			}
			return
		}
		live = w.step("finalize", live, "--move-issuer", "accept")
		live = w.step("finalize", live, "--move-issuer", "sign")
		w.step("finalize", live, "--move-issuer", "drop", "--signed-since", "2026-01-01T00:00:00Z")
	})
}

// What a GitOps repository keeps, put onto a fresh config each time.
func TestPatchesOfARepositoryFitAFreshConfig(t *testing.T) {
	inEveryEra(t, func(t *testing.T, w tool, live string) {
		for _, phase := range phases {
			folder := w.path("repository-" + phase)
			_, complaint, code := w.run("--phase", phase, "-f", w.path("vipd.yaml"), "--image", image,
				"--talos-version", w.minor, "--old-endpoint", oldEndpoint, "--out", folder)
			if code != 0 {
				t.Fatalf("%s: exit %d: %s", phase, code, complaint)
			}
			patches := readAll(t, folder)
			load(t, encode(t, patched(t, live, patches)))
		}
	})
}

func TestNativeVIPIsWhatTalosTakes(t *testing.T) {
	inEveryEra(t, func(t *testing.T, w tool, live string) {
		must(t, os.WriteFile(w.path("live.yaml"), []byte(live), 0o600))
		folder := w.path("native")
		_, complaint, code := w.run("native-vip", "-f", w.path("vipd.yaml"), "--link", "eth0",
			"--talos-version", w.minor, "--live", w.path("live.yaml"), "--out", folder)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, complaint)
		}
		text := encode(t, load(t, encode(t, patched(t, live, readAll(t, folder)))))
		if !strings.Contains(text, "apiToken: ${HCLOUD_TOKEN}") {
			t.Error("no VIP")
		}
	})
}
