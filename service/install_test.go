package service

import (
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// image is a host of these files, with systemd 255.
func image(t *testing.T, files map[string]string) host.Host {
	t.Helper()
	root := t.TempDir()
	write := func(p, text string) {
		p = filepath.Join(root, p)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("/usr/lib/systemd/libsystemd-shared-255.so", "")
	write("/usr/bin/tcptune-server", "")
	for p, text := range files {
		write(p, text)
	}
	h, err := host.At(root)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func bundledSpec() Spec {
	return Spec{
		Name: Bundled, Listen: []string{"8080"}, Backlog: 100, Drain: time.Second, Program: "/usr/bin/tcptune-server",
		Protocol: "echo", Admin: netip.MustParseAddrPort("127.0.0.1:9180"),
	}
}

// installed is an image on which s was installed, and its journal.
func installed(t *testing.T, s Spec) (host.Host, plan.Journal) {
	t.Helper()
	h := image(t, nil)
	return h, apply(t, h, func(j plan.Journal) (plan.Plan, error) { return Install(t.Context(), h, j, s, false) })
}

func apply(t *testing.T, h host.Host, draft func(plan.Journal) (plan.Plan, error)) plan.Journal {
	t.Helper()
	session, err := plan.Open(t.Context(), h, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	p, err := draft(session.Journal())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return session.Journal()
}

// running is what systemd would say of the units of the bundled server.
func running(states ...string) map[string]host.Unit {
	units := map[string]host.Unit{}
	for i, suffix := range suffixes() {
		units[Bundled+suffix] = host.Unit{Name: Bundled + suffix, Active: states[i]}
	}
	return units
}

// What happens to units follows from the files that change and from what runs.
func TestUnitsTakeUpWhatChanges(t *testing.T) {
	t.Parallel()
	const up, down = "active", "inactive"
	all := running(up, up, up, down)
	for name, tc := range map[string]struct {
		fresh  bool
		change func(*Spec)
		units  map[string]host.Unit
		now    bool
		want   []string
	}{
		"enabled only":                          {true, nil, running(down, down, down, down), false, nil},
		"fresh and now":                         {true, nil, running(down, down, down, down), true, []string{"tcptune-server.socket active", "tcptune-server-admin.socket active", "tcptune-server.service active"}},
		"nothing changes":                       {false, nil, all, true, nil},
		"idle is as wanted":                     {false, nil, running(up, up, down, down), true, nil},
		"started by now":                        {false, nil, running(down, down, down, down), true, []string{"tcptune-server.socket active", "tcptune-server-admin.socket active", "tcptune-server.service active"}},
		"failed starts again":                   {false, nil, running(down, up, "failed", down), true, []string{"tcptune-server.socket active", "tcptune-server.service active"}},
		"a socket that was closed":              {false, nil, running(down, up, up, down), true, []string{"tcptune-server.socket active"}},
		"limits":                                {false, func(s *Spec) { s.Limits = []Limit{{"max-conns", "9"}} }, all, false, []string{"tcptune-server.service reloaded"}},
		"limits of one that does not run":       {false, func(s *Spec) { s.Limits = []Limit{{"max-conns", "9"}} }, running(up, up, down, down), false, nil},
		"protocol":                              {false, func(s *Spec) { s.Protocol = "line" }, all, false, []string{"tcptune-server.service restarted behind tcptune-server-twin.service"}},
		"protocol of an idle one":               {false, func(s *Spec) { s.Protocol = "line" }, running(up, up, down, down), true, []string{"tcptune-server.service active"}},
		"backlog":                               {false, func(s *Spec) { s.Backlog = 7 }, all, false, []string{"tcptune-server.service reloaded"}},
		"one more port":                         {false, func(s *Spec) { s.Listen = append(s.Listen, "9000") }, all, false, []string{"tcptune-server.service restarted behind tcptune-server-twin.service", "tcptune-server-9000.socket active"}},
		"one more port of an idle one":          {false, func(s *Spec) { s.Listen = append(s.Listen, "9000") }, running(up, up, down, down), false, []string{"tcptune-server-9000.socket active"}},
		"one more port of one that is shut":     {false, func(s *Spec) { s.Listen = append(s.Listen, "9000") }, running(down, down, down, down), false, nil},
		"an interface":                          {false, func(s *Spec) { s.Interface = "eth0" }, all, false, []string{"tcptune-server.socket restarted"}},
		"port":                                  {false, func(s *Spec) { s.Listen = []string{"9000"} }, all, false, []string{"tcptune-server.socket restarted"}},
		"port and protocol: one restart":        {false, func(s *Spec) { s.Listen, s.Protocol = []string{"9000"}, "line" }, all, false, []string{"tcptune-server.socket restarted"}},
		"port of an idle one":                   {false, func(s *Spec) { s.Listen = []string{"9000"} }, running(up, up, down, down), false, []string{"tcptune-server.socket restarted"}},
		"port of one that was never started":    {false, func(s *Spec) { s.Listen = []string{"9000"} }, running(down, down, down, down), false, nil},
		"a twin that was left gives way first":  {false, func(s *Spec) { s.Listen = []string{"9000"} }, running(up, up, up, up), false, []string{"tcptune-server-twin.service inactive", "tcptune-server.socket restarted"}},
		"a twin is left alone without a change": {false, nil, running(up, up, up, up), true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := bundledSpec()
			h, j := image(t, nil), plan.Journal{}
			if !tc.fresh {
				h, j = installed(t, s)
			}
			if tc.change != nil {
				tc.change(&s)
			}
			files, err := wanted(h, s)
			if err != nil {
				t.Fatal(err)
			}
			at, p := site{h: h, journal: j, name: s.Name, units: tc.units}, plan.Plan{}
			for _, f := range files {
				if err := at.want(&p, f); err != nil {
					t.Fatal(err)
				}
			}
			stops, starts := at.unitChanges(p, s, nil, tc.now)
			var got []string
			for _, c := range append(stops, starts...) {
				got = append(got, c.Target+" "+*c.After)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("wanted (-), planned (+):\n%s", diff)
			}
		})
	}
}

func TestLostJournalIsHealedByInstallingTheSame(t *testing.T) {
	t.Parallel()
	s := bundledSpec()
	h, _ := installed(t, s)
	if err := h.Remove(plan.JournalPath); err != nil {
		t.Fatal(err)
	}
	other := s
	other.Protocol = "line"
	_, err := Install(t.Context(), h, plan.Journal{}, other, false)
	if !report.Is(err, "foreign-file") {
		t.Errorf("another one: %v", err)
	}
	j := apply(t, h, func(j plan.Journal) (plan.Plan, error) { return Install(t.Context(), h, j, s, false) })
	p, _, err := Uninstall(t.Context(), h, j, s.Name)
	if err != nil {
		t.Fatal(err)
	}
	removed := 0
	for _, c := range p.Changes {
		if c.Writes() && c.After == nil {
			removed++
		}
	}
	if removed != 7 {
		t.Errorf("would remove %d files and links, want 7: %+v", removed, p.Changes)
	}
}

func TestServiceThatShrinksDropsItsFiles(t *testing.T) {
	t.Parallel()
	s := bundledSpec()
	s.Name = "mine"
	h, j := installed(t, s)
	own := Spec{Name: "mine", Listen: []string{"8080"}, Backlog: 100, Drain: time.Second, Exec: []string{"/usr/bin/tcptune-server"}}
	apply(t, h, func(plan.Journal) (plan.Plan, error) { return Install(t.Context(), h, j, own, false) })
	for _, p := range []string{limitsPath(s), path.Join(host.UnitFolder, "mine-admin.socket"), path.Join(host.UnitFolder, "sockets.target.wants/mine-admin.socket"), path.Join(host.UnitFolder, "mine-twin.service")} {
		if _, err := h.Lstat(p); err == nil {
			t.Errorf("%s is still there", p)
		}
	}
	for _, p := range []string{"mine.socket", "mine.service", "sockets.target.wants/mine.socket"} {
		if _, err := h.Lstat(path.Join(host.UnitFolder, p)); err != nil {
			t.Error(err)
		}
	}
}

func TestImageWithoutSystemdHasNoServices(t *testing.T) {
	t.Parallel()
	h, err := host.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Install(t.Context(), h, plan.Journal{}, bundledSpec(), false); err == nil || err.Error() != "cannot install a service: there is no systemd" {
		t.Errorf("%v", err)
	}
}

// perl a.pl and perl b.pl are two services.
func TestANameThatFollowsFromTheProgramIsNoIdentity(t *testing.T) {
	t.Parallel()
	script := func(name string, derived bool, args ...string) Spec {
		s := own()
		s.Name, s.Derived, s.Exec = name, derived, append([]string{"/usr/bin/perl"}, args...)
		return s
	}
	h, j := installed(t, script("perl", false, "/srv/a.pl"))
	for name, tc := range map[string]struct {
		spec    Spec
		refused bool
	}{
		"the same":                     {script("perl", true, "/srv/a.pl"), false},
		"another script":               {script("perl", true, "/srv/b.pl"), true},
		"no script":                    {script("perl", true), true},
		"more arguments":               {script("perl", true, "/srv/a.pl", "-v"), true},
		"another script, and its name": {script("b", false, "/srv/b.pl"), false},
		"another script in its place":  {script("perl", false, "/srv/b.pl"), false},
	} {
		_, err := Install(t.Context(), h, j, tc.spec, false)
		if refused := report.Is(err, "name-taken"); refused != tc.refused || err != nil && !refused {
			t.Errorf("%s: %v", name, err)
		}
		if tc.refused && !strings.Contains(report.Describe(err).Hint, "--name perl replaces it") {
			t.Errorf("%s: the hint is %q", name, report.Describe(err).Hint)
		}
	}
}
