// Package architecture holds the picture in docs/ARCHITECTURE.md against the code.
package architecture

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tcptune/tcptune/"

// rooms is the picture: which parts of ours each part may import. A part is a folder with all below it; the longest
// match wins. What is not named here does not belong to the house.
var rooms = map[string][]string{
	// What lies below internal/provision is its business, but for what is shown and the texts that are printed.
	"cmd/tcptune":        {"internal/provision", "internal/report", "docs/schema", "docs/completion"},
	"cmd/tcptune-server": {"server"},

	"internal/provision": {
		"check", "sysctl", "sysctl/catalogue", "sysctl/ephemeral", "sysctl/kernel", "sysctl/profile", "installer", "installer/fetch", "portcheck", "service", "bench", "diagnose", "diagnose/rules", "prove", "prove/path",
		"internal/host", "internal/plan", "internal/record", "internal/report", "internal/trail",
	},

	// The middle floor stands on the ground; its rooms do not know each other.
	"check": {
		"sysctl/catalogue", "sysctl/ephemeral", "sysctl/kernel", "sysctl/lint", "sysctl/whowins", "diagnose/rules",
		"internal/host", "internal/report", "templates",
	},
	"sysctl": {
		"sysctl/catalogue", "sysctl/ephemeral", "sysctl/kernel", "sysctl/lint", "sysctl/profile", "sysctl/whowins",
		"internal/host", "internal/plan", "internal/report", "internal/trail", "templates",
	},
	"installer": {"installer/fetch", "internal/host", "internal/plan", "internal/report", "templates"},
	"portcheck": {"internal/host", "internal/plan", "internal/report", "internal/sockdiag", "internal/trail", "templates"},
	"service":   {"internal/host", "internal/plan", "internal/report", "templates"},
	"bench":     {"internal/report"}, // it asks nobody who could change the host
	"prove":     {"prove/path", "internal/host", "internal/report"},
	"diagnose":  {"diagnose/rules", "internal/host", "internal/sockdiag"},

	// Below them, what each is about: a key, a host's files, what is wanted, what is wrong with a file.
	"sysctl/catalogue": {"internal/host", "internal/report", "templates"},
	"sysctl/ephemeral": {"sysctl/catalogue", "internal/host", "internal/report", "templates"},
	"sysctl/kernel":    {"sysctl/catalogue", "sysctl/whowins", "internal/host"},
	"sysctl/whowins":   {"internal/host", "internal/report", "templates"},
	"sysctl/profile":   {"sysctl/catalogue", "internal/host", "internal/report", "templates"},
	"sysctl/lint":      {"sysctl/catalogue", "sysctl/kernel", "sysctl/whowins", "internal/host", "internal/report", "templates"},
	"installer/fetch":  {"internal/host", "internal/report", "internal/trail"},
	"prove/path":       {"internal/host"},
	"diagnose/rules":   {},

	"internal/plan":   {"internal/host", "internal/report", "internal/trail"},
	"internal/record": {"internal/host", "internal/report", "internal/trail"},
	"internal/host":   {"internal/sockdiag", "internal/trail"},
	"server":          {},
	"templates":       {},

	"internal/report":   {},
	"internal/sockdiag": {},
	"internal/trail":    {},
	"docs/completion":   {},
	"docs/schema":       {},
}

// around may import anything of ours, and nothing of ours may import it.
var around = []string{"test", "hack"}

// only names who may import what reaches out of the house. Tests may start programs, too.
var only = map[string]string{
	"github.com/urfave/cli/v2":                "cmd/tcptune",
	"github.com/shirou/gopsutil/v3":           "portcheck",
	"github.com/coreos/go-systemd/v22/dbus":   "internal/host",
	"github.com/coreos/go-systemd/v22/login1": "internal/host",
	"os/exec": "internal/host",
}

// pkg is what go list tells of one package.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, p := range packages(t) {
		from := room(p.path())
		for _, to := range append(p.tests(), p.Imports...) {
			target, ours := strings.CutPrefix(to, module)
			if !ours || room(target) == from || slices.Contains(around, from) {
				continue
			}
			if forTests := slices.Contains(p.tests(), to) && !slices.Contains(p.Imports, to); forTests &&
				(slices.Contains(around, room(target)) || from == "cmd/tcptune") { // its tests look at the host as well
				continue
			}
			if !slices.Contains(rooms[from], room(target)) {
				t.Errorf("%s imports %s, which the picture does not allow", p.path(), target)
			}
		}
	}
}

func TestEveryPackageIsInThePicture(t *testing.T) {
	for _, p := range packages(t) {
		if room(p.path()) == "" {
			t.Errorf("%s is in no part of the picture", p.path())
		}
	}
}

func TestOneImporterOfEachWayOut(t *testing.T) {
	for _, p := range packages(t) {
		from := room(p.path())
		for _, to := range p.Imports {
			for path, owner := range only {
				if (to == path || strings.HasPrefix(to, path+"/")) && from != owner && !slices.Contains(around, from) {
					t.Errorf("%s imports %s, which only %s may", p.path(), to, owner)
				}
			}
		}
	}
}

// The server is an unprivileged process: nothing that can change the host may be linked into it, by whatever way.
func TestServerHoldsNoneOfTheRest(t *testing.T) {
	for _, p := range packages(t) {
		if r := room(p.path()); r != "server" && r != "cmd/tcptune-server" {
			continue
		}
		for _, dep := range p.Deps {
			if target, ours := strings.CutPrefix(dep, module); ours && room(target) != "server" {
				t.Errorf("%s holds %s", p.path(), target)
			}
		}
	}
}

// TestPictureRefuses keeps the tests above honest: each of these would be a way around the picture.
func TestPictureRefuses(t *testing.T) {
	for _, way := range [][2]string{
		{"check", "sysctl"},
		{"sysctl", "check"},
		{"internal/host", "internal/plan"},
		{"internal/plan", "sysctl"},
		{"sysctl/catalogue", "sysctl/whowins"},
		{"sysctl/whowins", "sysctl/catalogue"},
		{"sysctl/lint", "sysctl"},
		{"sysctl/lint", "sysctl/profile"},
		{"sysctl/profile", "sysctl/whowins"},
		{"check", "sysctl/profile"},
		{"sysctl/whowins", "internal/plan"},
		{"installer", "sysctl/whowins"},
		{"installer/fetch", "installer"},
		{"cmd/tcptune", "internal/host"},
		{"internal/report", "internal/host"},
		{"internal/plan", "internal/provision"},
		{"server", "internal/host"},
		{"templates", "internal/host"},
		{"cmd/tcptune-server", "internal/host"},
	} {
		if slices.Contains(rooms[way[0]], way[1]) {
			t.Errorf("the picture lets %s import %s", way[0], way[1])
		}
	}
	if got := room("sysctl/gen"); got != "sysctl" {
		t.Errorf("room of sysctl/gen = %q, want sysctl", got)
	}
	if got := room("sysctl/profile/profiles"); got != "sysctl/profile" {
		t.Errorf("room of sysctl/profile/profiles = %q, want sysctl/profile", got)
	}
	if got := room("cmd/tcptune-server"); got != "cmd/tcptune-server" {
		t.Errorf("room of cmd/tcptune-server = %q, want itself", got)
	}
	if got := room("utils"); got != "" {
		t.Errorf("room of utils = %q, want none", got)
	}
}

func (p pkg) path() string { return strings.TrimPrefix(p.ImportPath, module) }

func (p pkg) tests() []string { return slices.Concat(p.TestImports, p.XTestImports) }

// room returns the part of the house that holds the package at path (relative to the module), "" for none.
func room(path string) string {
	for {
		if _, ok := rooms[path]; ok || slices.Contains(around, path) {
			return path
		}
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			return ""
		}
		path = path[:i]
	}
}

// packages lists all packages of the module.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list",
		"-json=ImportPath,Imports,TestImports,XTestImports,Deps", module+"...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}
