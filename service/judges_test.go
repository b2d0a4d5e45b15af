package service

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tcptune/tcptune/test/debian"
	"github.com/tcptune/tcptune/test/unitjudge"
)

// TestRealSystemdTakesTheUnits shows what is rendered for a release to the real systemd-analyze of that release, or of
// a newer one: it has no word to say, and finds the exposure of each service as low as promised.
func TestRealSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	for _, judge := range findJudges(t) {
		for _, release := range releases() {
			if release > judge.Release {
				continue
			}
			t.Run(fmt.Sprintf("systemd-%d/units-for-%d", judge.Release, release), func(t *testing.T) {
				units, promised := map[string]string{}, map[string]float64{}
				for _, spec := range kinds() {
					for _, u := range render(t, spec, release) {
						units[u.Name] = u.Text
						if strings.HasSuffix(u.Name, ".service") {
							promised[u.Name] = exposure(spec)
						}
					}
				}
				said, err := judge.Verify(t.Context(), t.TempDir(), units, "/usr/bin/tcptune-server", "/usr/bin/mydaemon", "/bin/kill")
				if err != nil || said != "" {
					t.Errorf("systemd-analyze verify says %q, %v", said, err)
				}
				if !judge.HasSecurity() {
					return
				}
				levels, err := judge.Exposure(t.Context(), t.TempDir(), units)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("exposure: %v", levels)
				for name, most := range promised {
					if level, found := levels[name]; !found || level > most {
						t.Errorf("%s: exposure %.1f (%v), at most %.1f is promised", name, level, found, most)
					}
				}
			})
		}
	}
}

// exposure is the highest level that is promised for a service.
func exposure(s Spec) float64 {
	if s.Network || len(s.Upstreams) > 0 {
		return 1.3
	}
	return 0.3
}

// TestOlderSystemdComplainsWithoutTheTable shows that each line of the table is needed: a release from before it does
// complain about what is rendered for the one that it names.
func TestOlderSystemdComplainsWithoutTheTable(t *testing.T) {
	t.Parallel()
	judges := findJudges(t)
	table, err := readSince()
	if err != nil {
		t.Fatal(err)
	}
	for key, first := range table {
		t.Run(key, func(t *testing.T) {
			older := slices.IndexFunc(judges, func(j unitjudge.Judge) bool { return j.Release < first })
			if older < 0 {
				t.Skip("SKIP: no judge at hand is old enough")
			}
			units := asMap(render(t, kinds()["echo"], first))
			said, err := judges[older].Verify(t.Context(), t.TempDir(), units, "/usr/bin/tcptune-server", "/bin/kill")
			name, value, _ := strings.Cut(key, "=")
			if err != nil || !strings.Contains(said, name) && !strings.Contains(said, value) {
				t.Errorf("systemd %d says %q, %v; a complaint about %s is expected", judges[older].Release, said, err, key)
			}
		})
	}
}

// findJudges returns the judges at hand, oldest first.
func findJudges(t *testing.T) []unitjudge.Judge {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIP: running other releases of systemd in namespaces needs root")
	}
	if testing.Short() {
		t.Skip("SKIP: the real systemd is not asked with -short")
	}
	cache, err := debian.CacheDir("unitjudges")
	if err != nil {
		t.Fatal(err)
	}
	suites := debian.Suites()
	found := make([]unitjudge.Judge, len(suites))
	reasons := make([]error, len(suites))
	var group sync.WaitGroup
	for i, suite := range suites {
		group.Go(func() { found[i], reasons[i] = unitjudge.Debian(cache, suite) })
	}
	group.Wait()
	var judges []unitjudge.Judge
	for i, suite := range suites {
		if reasons[i] != nil {
			t.Run("judge="+suite, func(t *testing.T) { t.Skipf("SKIP: no systemd of Debian %s: %v", suite, reasons[i]) })
			continue
		}
		judges = append(judges, found[i])
	}
	return judges
}
