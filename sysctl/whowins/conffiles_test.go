package whowins

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/test/whowins"
)

func TestMerged(t *testing.T) {
	tree := whowins.Files(contents{
		"/etc/sysctl.d/20-b.conf":           "b",
		"/etc/sysctl.d/README":              "no",
		"/etc/sysctl.d/30-c.conf":           "-> /dev/null",
		"/etc/sysctl.d/40-d.conf":           "",
		"/etc/sysctl.d/50-e.conf":           "-> 50-e.conf",
		"/etc/sysctl.d/60-f.conf":           "-> /gone/f.conf",
		"/run/sysctl.d/.h.conf":             "h",
		"/usr/local/lib/sysctl.d/10-a.conf": "a",
		"/usr/lib/sysctl.d/20-b.conf":       "hidden",
		"/usr/lib/sysctl.d/30-c.conf":       "hidden",
		"/usr/lib/sysctl.d/40-d.conf":       "hidden",
		"/usr/lib/sysctl.d/50-e.conf":       "hidden by systemd before 258",
		"/usr/lib/sysctl.d/60-f.conf":       "hidden",
		"/lib/sysctl.d/70-g.conf":           "a folder of its own for systemd before 255",
	})
	common := "/usr/local/lib/sysctl.d/10-a.conf /etc/sysctl.d/20-b.conf /etc/sysctl.d/30-c.conf /etc/sysctl.d/40-d.conf"
	for name, test := range map[string]struct {
		rules rules
		want  string
	}{
		"249":   {systemdRules(249), common + " /etc/sysctl.d/50-e.conf /etc/sysctl.d/60-f.conf /lib/sysctl.d/70-g.conf"},
		"255":   {systemdRules(255), common + " /etc/sysctl.d/50-e.conf /etc/sysctl.d/60-f.conf"},
		"259":   {systemdRules(259), common + " /usr/lib/sysctl.d/50-e.conf /etc/sysctl.d/60-f.conf"},
		"4.0.4": {procpsRules("4.0.4"), "/run/sysctl.d/.h.conf " + common + " /etc/sysctl.d/50-e.conf /etc/sysctl.d/60-f.conf /lib/sysctl.d/70-g.conf"},
	} {
		got := newConfReader(tree).merged(sysctlDirs(test.rules, true), test.rules)
		if diff := cmp.Diff(strings.Fields(test.want), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestProcpsTakesNamesForPatterns(t *testing.T) {
	c := newConfReader(whowins.Files(contents{
		"/etc/sysctl.d/[ab].conf":   "",
		"/etc/sysctl.d/a.conf":      "",
		"/etc/sysctl.d/b.conf":      "",
		"/etc/sysctl.d/{a,x}.conf":  "",
		"/etc/sysctl.d/?.conf":      "-> nowhere",
		"/etc/sysctl.d/[!a-z].conf": "",
		"/etc/sysctl.d/{y}.conf":    "",
	}))
	for name, want := range map[string]string{
		"a.conf":      "a.conf",
		"[ab].conf":   "a.conf b.conf",
		"{a,x}.conf":  "a.conf",
		"?.conf":      "", // matches itself first, which cannot be opened
		"[!a-z].conf": "",
		"{y}.conf":    "{y}.conf",
	} {
		var got []string
		opened, _ := c.opened("/etc/sysctl.d/"+name, procpsRules("4.0.4"))
		for _, p := range opened {
			got = append(got, strings.TrimPrefix(p, "/etc/sysctl.d/"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// running makes a folder count as a running machine.
type running struct{ host.Host }

func (running) Live() bool { return true }

// TestTreesOnDisk holds the trees of the comparison with the real tools, which live in memory, against host.Host.
func TestTreesOnDisk(t *testing.T) {
	for seed := range uint64(40) {
		tree := whowins.Generate(seed)
		root := t.TempDir()
		if err := tree.Write(root); err != nil {
			t.Fatal(err)
		}
		h, err := host.At(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []Versions{jammy(), noble(), resolute()} {
			inMemory, onDisk := forecaster(t, tree, v), forecaster(t, running{h}, v)
			for _, key := range whowins.Keys() {
				if diff := cmp.Diff(inMemory.Key(key), onDisk.Key(key)); diff != "" {
					t.Fatalf("seed %d: %s\n%s", seed, diff, tree)
				}
			}
		}
	}
}
