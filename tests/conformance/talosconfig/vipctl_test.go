package conformance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/config/encoder"
	"github.com/siderolabs/talos/pkg/machinery/config/generate"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
)

const (
	oldEndpoint = "https://49.13.53.183:6443"
	newEndpoint = "https://203.0.113.10:6443"
	image       = "ghcr.io/acme/vipd:0.1.0@sha256:" +
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	vipdYAML = `cluster: prod
addresses:
  - {id: 1234, address: 203.0.113.10, name: prod-api}
labels: {vipd.cluster: prod, env: "1"}
nodeSubnets: [10.0.1.0/24]
endpoint: {names: [api.example.com], spares: [203.0.113.11]}
`
)

// The kind of machine that a config is validated for.
type cloud struct{}

func (cloud) String() string        { return "cloud" }
func (cloud) RequiresInstall() bool { return false }
func (cloud) InContainer() bool     { return false }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A vipctl with a vipd.yaml and a folder to work in.
type tool struct {
	t      *testing.T
	folder string
	minor  string // "v1.13"
}

func newTool(t *testing.T, minor string) tool {
	t.Helper()
	if os.Getenv("VIPCTL") == "" {
		t.Fatal("VIPCTL names no program; run tests/conformance/run talosconfig")
	}
	w := tool{t, t.TempDir(), minor}
	must(t, os.WriteFile(w.path("vipd.yaml"), []byte(vipdYAML), 0o600))
	return w
}

func (w tool) path(name string) string { return filepath.Join(w.folder, name) }

// Its output and its exit code.
func (w tool) run(arguments ...string) (string, string, int) {
	w.t.Helper()
	command := exec.Command(os.Getenv("VIPCTL"), append([]string{"render"}, arguments...)...)
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil && command.ProcessState == nil {
		w.t.Fatal(err)
	}
	return out.String(), complaint.String(), command.ProcessState.ExitCode()
}

func (w tool) phase(phase, live string, more ...string) []string {
	must(w.t, os.WriteFile(w.path("live.yaml"), []byte(live), 0o600))
	arguments := []string{"--phase", phase, "-f", w.path("vipd.yaml"), "--live", w.path("live.yaml"),
		"--talos-version", w.minor, "--old-endpoint", oldEndpoint, "--image", image}
	return append(arguments, more...)
}

// The live config with the phase done.
func (w tool) edited(phase, live string, more ...string) string {
	w.t.Helper()
	out, complaint, code := w.run(append(w.phase(phase, live, more...), "--edited")...)
	if code != 0 {
		w.t.Fatalf("%s: exit %d: %s", phase, code, complaint)
	}
	return out
}

// The phase's patch files, in the order of their names.
func (w tool) patches(phase, live string, more ...string) []string {
	w.t.Helper()
	folder, err := os.MkdirTemp(w.folder, phase)
	must(w.t, err)
	_, complaint, code := w.run(append(w.phase(phase, live, more...), "--out", folder)...)
	if code != 0 {
		w.t.Fatalf("%s: exit %d: %s", phase, code, complaint)
	}
	return readAll(w.t, folder)
}

func readAll(t *testing.T, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	must(t, err)
	slices.Sort(names)
	var texts []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		must(t, err)
		texts = append(texts, string(text))
	}
	return texts
}

// As Talos reads it, and fit to run.
func load(t *testing.T, text string) config.Provider {
	t.Helper()
	provider, err := configloader.NewFromBytes([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if _, err = provider.Validate(cloud{}); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return provider
}

func encode(t *testing.T, provider config.Provider) string {
	t.Helper()
	text, err := provider.EncodeBytes(encoder.WithComments(encoder.CommentsDisabled))
	must(t, err)
	return string(text)
}

// What Talos' own patcher makes of it.
func patched(t *testing.T, live string, patches []string) config.Provider {
	t.Helper()
	loaded, err := configpatcher.LoadPatches(patches)
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(patches, "---\n"))
	}
	out, err := configpatcher.Apply(configpatcher.WithBytes([]byte(live)), loaded)
	must(t, err)
	provider, err := out.Config()
	must(t, err)
	return provider
}

// A control plane's config as that version of Talos generates it.
func generated(t *testing.T, minor string, comments encoder.CommentsFlags) string {
	t.Helper()
	contract, err := config.ParseContractFromVersion(minor)
	must(t, err)
	input, err := generate.NewInput("prod", oldEndpoint, "1.35.0",
		generate.WithVersionContract(contract), generate.WithAdditionalSubjectAltNames(
			[]string{"49.13.53.183"}))
	must(t, err)
	provider, err := input.Config(machine.TypeControlPlane)
	must(t, err)
	text, err := provider.EncodeBytes(encoder.WithComments(comments))
	must(t, err)
	return string(text)
}
