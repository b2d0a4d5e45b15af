package toolchain

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/test/mirror"
	schematest "github.com/tcptune/tcptune/test/schema"
)

// builder is the program of a toolchain that builds tools as well, unless they ask for a newer Go than it is.
func builder(version, needs string) string {
	const tool = "example.com/cmd/hello"
	install := "test $GOTOOLCHAIN = local || exit 9; mkdir -p $GOBIN; printf '#!/bin/sh\\necho built by " + version +
		"\\n' >$GOBIN/hello; chmod 755 $GOBIN/hello"
	if needs > version {
		install = "echo 'go: " + tool + "@v1.2.3 requires go >= " + needs + " (running go " + version + "; GOTOOLCHAIN=local)' >&2; exit 1"
	}
	return strings.Replace(good(version), "version)", "version) test x$2 = x-m && printf '%s: go"+version+
		`\n\tpath\t`+tool+`\n\tmod\t`+tool+`\tv1.2.3\th1:abc=\n' $3 && exit;`, 1) + "test $1 != install || { " + install + "; }\n"
}

// shop is a mirror of releases and a proxy of one module on a local TLS server.
type shop struct {
	flags []string
	mu    sync.Mutex
	asked []string
}

func (h ownHost) openShop(goMod string, archives ...mirror.Archive) *shop {
	h.Helper()
	key, err := mirror.NewKey(time.Now().Add(-time.Hour), 0)
	h.check(err)
	for i, a := range archives {
		archives[i].Signature, err = key.Sign(a.Data, time.Now())
		h.check(err)
	}
	s := &shop{}
	mux := http.NewServeMux()
	mux.Handle("/dl/", mirror.Handler(archives...))
	for name, text := range map[string]string{"list": "v1.2.3\n", "v1.2.3.info": `{"Version": "v1.2.3"}`, "v1.2.3.mod": goMod} {
		mux.HandleFunc("/proxy/example.com/cmd/hello/@v/"+name, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.Path)
		s.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	h.Cleanup(server.Close)
	public, err := key.Public()
	h.check(err)
	h.check(os.WriteFile("/run/key.asc", public, 0o644))
	h.check(os.WriteFile("/run/ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o644))
	s.flags = []string{
		"--source", "download", "--base", server.URL + "/dl", "--keyring", "/run/key.asc", "--ca-file", "/run/ca.pem",
		"--proxy", server.URL + "/proxy,off",
	}
	return s
}

// report runs tcptune with --json.
func (h ownHost) report(code int, args ...string) (r report.Report) {
	h.Helper()
	out, _ := h.tcptune(code, append(args, "--json")...)
	schematest.Validate(h, []byte(out))
	h.check(json.Unmarshal([]byte(out), &r))
	return r
}

// A tool that asks for a newer Go than the active one is built by another installed one, or by one that is fetched like any
// toolchain; which that is, is said before, meanwhile and after.
func TestAToolIsBuiltByAGoThatCan(t *testing.T) {
	if _, ok := enter(t); !ok {
		return
	}
	for name, tt := range map[string]struct {
		goMod string
		have  bool // the newer Go is installed before
	}{
		"the proxy says what it needs":        {goMod: "module example.com/cmd/hello\ngo 1.99.2\n"},
		"only the go command says it":         {goMod: "module example.com/cmd/hello\n"},
		"one that is installed can":           {goMod: "module example.com/cmd/hello\ngo 1.99.2\n", have: true},
		"an installed one can and go says so": {goMod: "module example.com/cmd/hello\ngo 1.20\n", have: true},
	} {
		t.Run(name, func(t *testing.T) { ownHost{t}.buildsByAnother(tt.goMod, tt.have) })
	}
}

func (h ownHost) buildsByAnother(goMod string, have bool) {
	var archives []mirror.Archive
	fresh := h.inventory()
	for _, v := range []string{"1.99.1", "1.99.2"} {
		archives = append(archives, mirror.Archive{Version: "go" + v, Arch: runtime.GOARCH, Data: h.packed(v, builder(v, "1.99.2"))})
	}
	s := h.openShop(goMod, archives...)
	install := append([]string{"go", "install", "1.99.1"}, s.flags...)
	if have {
		h.tcptune(0, append([]string{"go", "install", "1.99.2"}, s.flags...)...)
	}
	h.tcptune(0, install...)
	tools := append(install, "--tools", "example.com/cmd/hello")

	// Before: the dry run.
	foreseen := strings.Contains(goMod, "1.99.2")
	before := h.inventory()
	out, _ := h.tcptune(0, append(tools, "--dry-run")...)
	if foreseen {
		h.says(out, "planned  Go 1.99.2, needs 1.99.2")
		if fetched := strings.Contains(out, "the toolchain that builds hello, which needs Go 1.99.2; it stays"); fetched == have {
			h.Errorf("the dry run says that a Go is fetched: %v, want %v\n%s", fetched, !have, out)
		}
	}
	if after := h.inventory(); after != before {
		h.Errorf("the dry run has left something:\n%s", after)
	}

	// Meanwhile and after.
	out, said := h.tcptune(0, tools...)
	if want := "building hello@v1.2.3 with Go 1.99.2"; have {
		h.says(said, want+"\n")
	} else {
		h.says(said, want+", fetched for it: it needs Go 1.99.2\n")
	}
	h.says(out, "hello  v1.2.3   installed  Go 1.99.2  /usr/local/bin/hello")
	h.says(h.sh("hello"), "built by 1.99.2")
	h.says(h.sh("go version"), "go1.99.1")
	want := report.GoTool{
		Target: "hello", State: "installed", Package: "example.com/cmd/hello", Version: "v1.2.3", Go: "1.99.2", Path: "/usr/local/bin/hello",
	}
	if r := h.report(0, "go", "list"); len(r.Tools) != 1 || r.Tools[0] != want || len(r.Versions) != 2 {
		h.Errorf("got %+v, %+v", r.Tools, r.Versions)
	}
	if r := h.report(0, tools...); foreseen && r.Changed {
		h.Errorf("the second time changes something: %+v", r.Changes)
	}
	for _, p := range s.asked {
		if strings.Contains(p, "golang.org/toolchain") {
			h.Errorf("a go command has asked for a toolchain by itself: %s", p)
		}
	}

	// A tool is believed as little as a toolchain, and repaired by the same command.
	h.sh("echo echo other | tee -a /usr/local/lib/tcptune/tools/hello*/hello")
	r := h.report(4, "go", "list")
	if r.Tools[0].State != "damaged" || r.Tools[0].Why != "hello is not as it was" {
		h.Errorf("got %+v", r.Tools)
	}
	h.report(2, "go", "verify")
	h.tcptune(0, append(append([]string{}, strings.Fields(strings.TrimPrefix(r.Tools[0].Fix, "sudo tcptune "))...), s.flags...)...)
	h.says(h.sh("hello"), "built by 1.99.2")
	h.report(0, "go", "verify")

	h.tcptune(0, "go", "prune")
	if r := h.report(0, "go", "list"); len(r.Versions) != 1+map[bool]int{true: 1}[have] || len(r.Tools) != 1 {
		h.Errorf("after go prune: %+v, %+v", r.Versions, r.Tools)
	}
	h.says(h.sh("hello"), "built by 1.99.2")
	h.tcptune(0, "go", "remove", "--all")
	if after := h.inventory(); after != fresh {
		h.Errorf("before:\n%s\nafter go remove --all:\n%s", fresh, after)
	}
}
