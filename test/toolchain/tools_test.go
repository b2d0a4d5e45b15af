package toolchain

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/test/long"
	schematest "github.com/tcptune/tcptune/test/schema"
)

// buildsTools has the active Go build a small tool from the real proxy, for every user, and then finds nothing to do.
func (h ownHost) buildsTools(version string) {
	h.Helper()
	const tool = "golang.org/x/example/hello"
	args := []string{"go", "install", version, "--source", "module", "--json", "--tools"}
	out, said := h.tcptune(0, append(args, tool)...)
	h.says(said, "building hello@v0.")
	h.says(said, "with Go "+version+"\n")
	schematest.Validate(h, []byte(out))
	h.says(h.sh("su -s /bin/sh nobody -c /usr/local/bin/hello"), "Hello, world!")
	made := h.sh("go version -m /usr/local/bin/hello", "HOME=/run/home")
	for _, want := range []string{"go" + version, "-trimpath=true", "CGO_ENABLED=0", tool, "h1:"} {
		h.says(made, want)
	}
	if owner := strings.TrimSpace(h.sh("stat -L -c '%U %a' /usr/local/bin/hello")); owner != "root 755" {
		h.Errorf("it belongs to %s", owner)
	}
	if fi, err := os.Stat(plan.JournalPath); err != nil || fi.Size() > 16<<10 {
		h.Errorf("the journal must not hold programs: %v, %v", fi, err)
	}
	_, module, _ := strings.Cut(made, "mod\t"+tool+"\t")
	exact, _, _ := strings.Cut(module, "\t")
	out, said = h.tcptune(0, append(args, tool+"@"+exact)...)
	if strings.Contains(said, "building") {
		h.Errorf("what is there is built again: %s", said)
	}
	var r report.Report
	h.check(json.Unmarshal([]byte(out), &r))
	if r.Changed {
		h.Errorf("the second time changes something:\n%s", out)
	}
	before := h.inventory()
	out, _ = h.tcptune(1, append(args, "example.com/no/such@v1.0.0")...)
	h.says(out, `"code": "tool-failed"`)
	if after := h.inventory(); after != before {
		h.Errorf("a build that failed has left something; before:\n%s\nafter:\n%s", before, after)
	}
	h.Run("of a newer Go", func(t *testing.T) {
		long.Only(t, "a third toolchain comes")
		ownHost{t}.buildsWithANewerOne(version, args)
	})
}

// buildsWithANewerOne builds a tool that asks for a newer Go than the active one: a newer one comes for it and is
// proven like any other.
func (h ownHost) buildsWithANewerOne(version string, args []string) {
	h.Helper()
	out, said := h.tcptune(0, append(args, "golang.org/x/tools/cmd/goyacc")...)
	h.says(said, "fetched for it: it needs Go 1.")
	h.says(said, "verified by checksum database")
	var r report.Report
	h.check(json.Unmarshal([]byte(out), &r))
	if len(r.Tools) != 1 || r.Tools[0].State != "installed" || r.Tools[0].Go == version {
		h.Errorf("got %+v", r.Tools)
	}
	h.says(h.sh("go version -m /usr/local/bin/goyacc", "HOME=/run/home"), "go"+r.Tools[0].Go)
	h.says(h.sh("go version", "HOME=/run/home"), version)
	h.tcptune(0, "go", "remove", r.Tools[0].Go)
}
