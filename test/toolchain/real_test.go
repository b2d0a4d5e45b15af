package toolchain

import (
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	schematest "github.com/tcptune/tcptune/test/schema"
)

// Two releases that are older than the Go with which tcptune is built.
const older, newer = "1.25.1", "1.25.3"

// proxy is GOPROXY as the go command of this machine has it. Without a proxy that answers the test is skipped.
func proxy(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	list := strings.TrimSpace(string(out))
	first, _, _ := strings.Cut(strings.ReplaceAll(list, "|", ","), ",")
	if !strings.HasPrefix(first, "http") {
		t.Skipf("no module proxy is configured: GOPROXY=%s", list)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		first+"/golang.org/toolchain/@v/v0.0.1-go"+older+".linux-amd64.info", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Skipf("the module proxy cannot be reached: %v", err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Skipf("the module proxy does not offer toolchains: %s", answer.Status)
	}
	return list
}

const program = `package main

import (
	"crypto/sha256"
	"fmt"
	"runtime"
)

func main() { fmt.Printf("%s %x\n", runtime.Version(), sha256.Sum256([]byte("tcptune"))) }
`

// A real toolchain comes through the real proxy, is proven by the real checksum database, and serves everybody.
func TestRealToolchains(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of megabytes are not fetched with -short")
	}
	var env []string
	if !isOwnHost() {
		env = append(env, "GOPROXY="+proxy(t))
	}
	h, ok := enter(t, env...)
	if !ok {
		return
	}
	before := h.inventory()
	h.installs(older)
	for name, script := range map[string]string{
		"sudo and cron": "go version", "a login shell": "sh -lc 'go version'", "its own name": "go" + older + " version",
		"the usual folder": "/usr/local/go/bin/go version", "its GOROOT": "go env GOROOT GOVERSION",
	} {
		t.Run(name, func(*testing.T) { h.says(h.sh(script, "HOME=/run/home"), older) })
	}
	h.says(h.offline("/usr/local/bin/go", program), "go"+older+" ")

	h.installs(newer)
	h.says(h.sh("go version", "HOME=/run/home"), "go"+newer)
	h.says(h.offline("/usr/local/bin/go", program), "go"+newer+" ")
	h.buildsTools(newer)
	// A toolchain line finds the other one by its name, without a network.
	h.says(h.sh("cd /var/lib && printf 'module m\ngo 1.25\ntoolchain go"+newer+"\n' >go.mod && go"+older+
		" version; rm go.mod", "HOME=/run/home", "GOPROXY=off"), "go"+newer)

	h.tcptune(0, "go", "use", older)
	h.says(h.sh("go version", "HOME=/run/home"), "go"+older)
	h.tcptune(0, "go", "rollback")
	h.says(h.sh("go version", "HOME=/run/home"), "go"+newer)
	_, said := h.tcptune(1, "go", "remove", newer)
	h.says(said, "it is active")
	h.tcptune(0, "go", "remove", older)
	h.says(h.offline("/usr/local/bin/go", program), "go"+newer+" ")
	h.tcptune(0, "go", "remove", "--all")
	if after := h.inventory(); after != before {
		t.Errorf("before:\n%s\nafter go remove --all:\n%s", before, after)
	}
}

// installs gets a version, and then finds nothing to do.
func (h ownHost) installs(version string) {
	h.Helper()
	args := []string{"go", "install", version, "--source", "module", "--json"}
	began := time.Now()
	out, said := h.tcptune(0, args...)
	h.Logf("Go %s: %s; %s", version, time.Since(began).Round(100*time.Millisecond), strings.TrimSpace(said))
	schematest.Validate(h, []byte(out))
	var r report.Report
	h.check(json.Unmarshal([]byte(out), &r))
	if len(r.Versions) != 1 || !strings.HasPrefix(r.Versions[0].Digest, "h1:") ||
		!strings.Contains(strings.Join(r.Versions[0].Verified, " "), "checksum database") {
		h.Errorf("it does not say what proved it: %+v", r.Versions)
	}
	out, _ = h.tcptune(0, args...)
	h.check(json.Unmarshal([]byte(out), &r))
	if r.Changed {
		h.Errorf("the second time changes something:\n%s", out)
	}
}
