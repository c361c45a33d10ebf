// Package conformance has Hetzner's own client judge hcloudsim, the cloud that vipd is tested
// against: what hcloud-go cannot read or would treat otherwise is a fault of hcloudsim.
//
// HCLOUDSIM names the program; tests/conformance/run sets it.
package conformance

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

const (
	writer = "token-that-writes"
	reader = "token-that-reads"
)

type fields = map[string]any

// A simulated cloud with one project; it ends with the test.
type cloud struct {
	t        *testing.T
	api      string // base URL
	metadata string // base URL
	http     *http.Client
	admin    *http.Client
	*hcloud.Client
}

// Actions take 50 ms, answers no time of their own.
func newCloud(t *testing.T) *cloud {
	t.Helper()
	folder, err := os.MkdirTemp("", "hcloudsim") // t.TempDir() is too long for a socket
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	roots := writeCertificate(t, folder)
	socket := filepath.Join(folder, "admin")
	api, metadata := freeAddress(t), freeAddress(t)
	start(t, "--listen", api, "--metadata", metadata, "--cert", filepath.Join(folder, "crt"),
		"--key", filepath.Join(folder, "key"), "--admin", socket, "--until-eof")

	c := &cloud{
		t:        t,
		api:      "https://" + api + "/v1",
		metadata: "http://" + metadata + "/hetzner/v1/metadata",
		http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots}}},
		admin: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", socket)
			}}},
	}
	c.Client = c.clientOf(writer)
	c.do("POST", "/projects", fields{"name": "p", "tokens": []fields{
		{"token": writer, "mode": "rw"}, {"token": reader, "mode": "ro"}}})
	c.do("PUT", "/latency", fields{"fixed_ms": 50, "other_ms": 50, "answer_least_ms": 0,
		"answer_most_ms": 0})
	return c
}

// hcloudsim does not say which port it was given for 0.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// Runs hcloudsim until the test ends; returns when it listens.
func start(t *testing.T, arguments ...string) {
	t.Helper()
	program := os.Getenv("HCLOUDSIM")
	if program == "" {
		t.Fatal("HCLOUDSIM names no program: run tests/conformance/run")
	}
	command := exec.Command(program, arguments...)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe() // closed when this program ends, however it does
	must(t, err)
	output, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		input.Close()
		must(t, command.Wait())
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	if line != "ready\n" {
		t.Fatalf("hcloudsim says %q: %v", line, err)
	}
}

// Retries and polls follow each other fast, but as often as by default.
func (c *cloud) clientOf(token string) *hcloud.Client {
	return hcloud.NewClient(
		hcloud.WithEndpoint(c.api), hcloud.WithToken(token), hcloud.WithHTTPClient(c.http),
		hcloud.WithApplication("vipd-conformance", ""),
		hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: hcloud.ConstantBackoff(20e6)}),
		hcloud.WithRetryOpts(hcloud.RetryOpts{
			BackoffFunc: hcloud.ConstantBackoff(20e6), MaxRetries: 5}))
}

// Through the admin interface.
func (c *cloud) do(method, path string, body fields) []byte {
	c.t.Helper()
	text, err := json.Marshal(body)
	must(c.t, err)
	request, err := http.NewRequest(method, "http://lab"+path, bytes.NewReader(text))
	must(c.t, err)
	response, err := c.admin.Do(request)
	must(c.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	must(c.t, err)
	if response.StatusCode >= 300 {
		c.t.Fatalf("%s %s: %d %s", method, path, response.StatusCode, answer)
	}
	return answer
}

func (c *cloud) make(path string, body fields) int64 {
	c.t.Helper()
	body["project"] = "p"
	var made struct{ ID int64 }
	must(c.t, json.Unmarshal(c.do("POST", path, body), &made))
	return made.ID
}

func (c *cloud) server(name string) *hcloud.Server {
	c.t.Helper()
	return &hcloud.Server{ID: c.make("/servers", fields{"name": name})}
}

func (c *cloud) floatingIP(body fields) *hcloud.FloatingIP {
	c.t.Helper()
	return &hcloud.FloatingIP{ID: c.make("/floating_ips", body)}
}

func (c *cloud) read(fip *hcloud.FloatingIP) *hcloud.FloatingIP {
	c.t.Helper()
	seen, _, err := c.FloatingIP.GetByID(c.t.Context(), fip.ID)
	must(c.t, err)
	if seen == nil {
		c.t.Fatalf("no Floating IP %d", fip.ID)
	}
	return seen
}

// How often the client really asked since `call` began.
func (c *cloud) requests(call func()) (count int) {
	c.t.Helper()
	before := len(c.audit())
	call()
	for _, line := range c.audit()[before:] {
		if line["event"] == "request" {
			count++
		}
	}
	return count
}

func (c *cloud) audit() (lines []fields) {
	c.t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(c.do("GET", "/audit", nil)))
	for decoder.More() {
		var line fields
		must(c.t, decoder.Decode(&line))
		lines = append(lines, line)
	}
	return lines
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: %v, want %v", what, got, wanted)
	}
}
