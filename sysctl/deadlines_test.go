package sysctl

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// deciders are the lines that decide about key: at boot, when systemd-sysctl is restarted, by sysctl --system.
func (m *machine) deciders(key string) (lines [3]string) {
	m.t.Helper()
	fc := m.survey().Now.Key(key)
	for i, o := range []whowins.Outcome{fc.Reboot, fc.Restart, fc.SysctlSystem} {
		if o.Set != nil {
			lines[i] = o.Set.Origin.String()
		}
	}
	return lines
}

// matters reports whether a line of a file decides about key: whether something else does when it is a comment.
func (m *machine) matters(file string, line int, key string) bool {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.root, file))
	if err != nil {
		m.t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	lines[line-1] = "# " + lines[line-1]
	before := m.deciders(key)
	m.write(file, strings.Join(lines, "\n"))
	defer m.write(file, string(text))
	return m.deciders(key) != before
}

// TestDeadLinesAreThoseThatMatteredWithoutUs makes each line of generated files a comment, on the host as it is and with
// our file: dead are those of the administrator that made a difference and make none any more.
func TestDeadLinesAreThoseThatMatteredWithoutUs(t *testing.T) {
	keys := []string{"net.core.somaxconn", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time"}
	places := []string{
		"/etc/sysctl.d/10-a.conf", "/etc/sysctl.d/70-b.conf", "/etc/sysctl.d/99-z.conf", "/etc/sysctl.conf",
		"/usr/lib/sysctl.d/50-vendor.conf", "/usr/local/lib/sysctl.d/80-local.conf",
	}
	deaths := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 14))
		m := newMachine(t, "6.8")
		type line struct {
			file string
			at   int
			key  string
		}
		var lines []line
		for _, file := range places {
			var text strings.Builder
			for at := range r.IntN(3) {
				key := keys[r.IntN(len(keys))]
				fmt.Fprintf(&text, "%s = %d\n", key, 100+r.IntN(3))
				lines = append(lines, line{file, at + 1, key})
			}
			if text.Len() > 0 {
				m.write(file, text.String())
			}
		}
		var wishes []profile.Wish
		for _, key := range keys {
			wishes = append(wishes, profile.Wish{Key: key, Value: "101", Mode: profile.ExactMode})
		}
		d := m.diff(m.profile(wishes...))
		var got, want []string
		for _, dead := range d.DeadLines() {
			if !dead.New {
				t.Errorf("seed %d: %s was dead before there was a file of ours", seed, dead.At)
			}
			got = append(got, dead.At+" "+dead.Target)
		}
		mattered := map[line]bool{}
		for _, l := range lines {
			mattered[l] = m.matters(l.file, l.at, l.key)
		}
		m.apply(d.Plan)
		for _, l := range lines {
			if mattered[l] && !m.matters(l.file, l.at, l.key) && !strings.HasPrefix(l.file, "/usr/lib/") {
				want = append(want, fmt.Sprintf("%s:%d %s", l.file, l.at, l.key))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d, -want +got:\n%s", seed, diff)
		}
		deaths += len(want)
		if again := m.diff(m.profile(wishes...)); len(again.DeadNow()) != len(want) {
			t.Errorf("seed %d: after the apply %d lines are dead, %d should be", seed, len(again.DeadNow()), len(want))
		}
	}
	if deaths < 20 {
		t.Errorf("only %d lines died in all: the files do not test it", deaths)
	}
}
