package service

import (
	"maps"
	"math/rand"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// listening are the socket units of an image, with where they listen.
func listening(t *testing.T, h host.Host) map[string]string {
	t.Helper()
	names, err := h.ReadDir(host.UnitFolder)
	if err != nil {
		t.Fatal(err)
	}
	units := map[string]string{}
	for _, name := range names {
		if !strings.HasSuffix(name, ".socket") || strings.HasSuffix(name, "-admin.socket") {
			continue
		}
		text, err := h.ReadFile(path.Join(host.UnitFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for line := range strings.Lines(string(text)) {
			if address, ok := strings.CutPrefix(strings.TrimSpace(line), "ListenStream="); ok {
				lines = append(lines, address)
			}
		}
		units[strings.TrimPrefix(name, Bundled)] = strings.Join(lines, " ")
	}
	return units
}

// books are what systemd and the kernel would have of the sockets of a service: by unit, the number of each open one.
type books struct {
	open map[string]map[string]int
	next int
}

func (b *books) start(unit, text string) {
	if b.open[unit] != nil {
		return
	}
	b.open[unit] = map[string]int{}
	for _, line := range listens(text) {
		if strings.HasPrefix(line, "Listen") {
			b.next++
			b.open[unit][line] = b.next
		}
	}
}

// sockets are the open ones by where they listen.
func (b *books) sockets() map[string]int {
	all := map[string]int{}
	for _, lines := range b.open {
		maps.Copy(all, lines)
	}
	return all
}

// change installs s where all sockets and the service are open, and carries out what is planned for the units.
func (b *books) change(t *testing.T, h host.Host, s Spec) {
	t.Helper()
	var stops, starts []plan.Change
	apply(t, h, func(j plan.Journal) (p plan.Plan, err error) {
		s = s.Settled(h, j)
		files, err := wanted(h, s)
		if err != nil {
			return p, err
		}
		at := site{h: h, journal: j, name: s.Name, units: map[string]host.Unit{s.Name + ".service": {Active: plan.Active}}}
		at.order = unitsOf(s.Name, append(unitNames(files), at.ownUnits()...))
		for unit := range b.open {
			at.units[unit] = host.Unit{Active: plan.Active}
		}
		for _, f := range files {
			if err := at.want(&p, f); err != nil {
				return p, err
			}
		}
		dropped := at.drop(&p, files)
		stops, starts = at.unitChanges(p, s, dropped, false)
		return p, err
	})
	for _, c := range stops {
		delete(b.open, c.Target)
	}
	text := func(unit string) string {
		data, err := h.ReadFile(path.Join(host.UnitFolder, unit))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for unit, lines := range b.open { // systemd reads its units again
		wanted := listens(text(unit))
		maps.DeleteFunc(lines, func(line string, _ int) bool { return !slices.Contains(wanted, line) })
	}
	for _, c := range starts {
		switch {
		case strings.HasSuffix(c.Target, ".service"):
			for _, unit := range s.Sockets() {
				b.start(unit, text(unit))
			}
		case strings.HasPrefix(*c.After, plan.Restarted): // or behind the twin
			delete(b.open, c.Target)
			b.start(c.Target, text(c.Target))
		case *c.After == plan.Active:
			b.start(c.Target, text(c.Target))
		}
	}
}

// Whatever comes, goes and changes its place, a socket that stays wanted stays open; in the end all are open that are
// wanted, and no other.
func TestNoChangeClosesASocketThatStays(t *testing.T) {
	t.Parallel()
	all := []string{
		"8080", "8081", "127.0.0.1:8082", "[::1]:8082", "[fe80::1%eth0]:8083", "/run/a/b", "/run/a/c", "0.0.0.0:8084",
		"[::]:8084", "udp:8080", "udp:0.0.0.0:53", "udp:[::]:53",
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewSource(seed)) //nolint:gosec // it is a test
	for range 4 {
		h, b := image(t, nil), &books{open: map[string]map[string]int{}}
		s := own()
		s.Type, s.Overlap = "notify", true
		s.Listen = all[:2]
		if random.Intn(2) == 0 {
			s.Together = slices.Clone(s.Listen) // as tcptune did it before
		}
		apply(t, h, func(j plan.Journal) (plan.Plan, error) { return installAsItIs(t, h, j, s) })
		for _, u := range s.listenUnits() {
			b.start(s.Name+u.suffix, strings.Join(s.streams(u.listen), "\n"))
		}
		for range 8 {
			before, former := b.sockets(), s
			s.Together, s.Listen = nil, nil
			for len(s.Listen) == 0 {
				for _, i := range random.Perm(len(all)) {
					if random.Intn(4) == 0 != slices.Contains(former.Listen, all[i]) {
						s.Listen = append(s.Listen, all[i])
					}
				}
			}
			b.change(t, h, s)
			after := b.sockets()
			for _, text := range s.Listen {
				for _, line := range s.streams([]string{text}) {
					stays := slices.Contains(former.Listen, text) && former.only6([]string{text}) == s.only6([]string{text})
					if after[line] == 0 || stays && after[line] != before[line] {
						t.Fatalf("%s of %v, then %v: socket %d, then %d; %v", line, former.Listen, s.Listen, before[line], after[line], b.open)
					}
				}
			}
			if len(after) != len(s.Listen) {
				t.Fatalf("%v: %v", s.Listen, after)
			}
		}
	}
}

// An address that stays wanted stays in its unit, whatever else comes and goes.
func TestAnAddressKeepsItsUnit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		together []string // as tcptune did it before
		first    []string
		then     []string
		want     map[string]string
	}{
		"fresh":           {nil, []string{"8080"}, []string{"8080", "8081"}, map[string]string{".socket": "8080", "-8081.socket": "8081"}},
		"another order":   {nil, []string{"8080"}, []string{"8081", "8080"}, map[string]string{".socket": "8080", "-8081.socket": "8081"}},
		"one goes":        {nil, []string{"8080", "8081"}, []string{"8080"}, map[string]string{".socket": "8080"}},
		"the first goes":  {nil, []string{"8080", "8081"}, []string{"8081", "9090"}, map[string]string{".socket": "9090", "-8081.socket": "8081"}},
		"the last one":    {nil, []string{"8080", "8081"}, []string{"8081"}, map[string]string{"-8081.socket": "8081"}},
		"all go":          {nil, []string{"8080", "8081"}, []string{"9090", "9091"}, map[string]string{".socket": "9090", "-9091.socket": "9091"}},
		"as it was":       {[]string{"8080", "8081"}, []string{"8080", "8081"}, []string{"8080", "8081"}, map[string]string{".socket": "8080 8081"}},
		"as it was, more": {[]string{"8080", "8081"}, []string{"8080", "8081"}, []string{"8080", "8081", "8082"}, map[string]string{".socket": "8080 8081", "-8082.socket": "8082"}},
		"as it was, less": {[]string{"8080", "8081"}, []string{"8080", "8081", "8082"}, []string{"8081", "8082"}, map[string]string{".socket": "8081", "-8082.socket": "8082"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := bundledSpec()
			s.Listen, s.Together = tc.first, tc.together
			h := image(t, nil)
			apply(t, h, func(j plan.Journal) (plan.Plan, error) { return installAsItIs(t, h, j, s) })
			for range 2 { // the second time there is nothing to do
				s.Listen, s.Together = tc.then, nil
				var p plan.Plan
				j := apply(t, h, func(j plan.Journal) (_ plan.Plan, err error) {
					p, err = Install(t.Context(), h, j, s, false)
					return p, err
				})
				if diff := cmp.Diff(tc.want, listening(t, h)); diff != "" {
					t.Errorf("want (-), got (+):\n%s", diff)
				}
				specs, err := Installed(j)
				if err != nil || len(specs) != 1 {
					t.Fatalf("%v, %v", specs, err)
				}
				var units []string
				for _, u := range specs[0].Sockets() {
					units = append(units, strings.TrimPrefix(u, Bundled))
				}
				slices.Sort(units)
				var want []string
				for u := range tc.want {
					want = append(want, u)
				}
				slices.Sort(want)
				if diff := cmp.Diff(want, units); diff != "" {
					t.Errorf("units that it remembers: want (-), got (+):\n%s", diff)
				}
			}
		})
	}
}

// installAsItIs writes the units of s with what NAME.socket has by s.Together.
func installAsItIs(t *testing.T, h host.Host, j plan.Journal, s Spec) (plan.Plan, error) {
	t.Helper()
	files, err := wanted(h, s)
	if err != nil {
		return plan.Plan{}, err
	}
	at, p := site{h: h, journal: j, name: s.Name}, plan.Plan{Command: "service install"}
	for _, f := range files {
		if err := at.want(&p, f); err != nil {
			return p, err
		}
	}
	p.Changes = slices.Concat(at.folders(files), p.Changes)
	return p, nil
}

// An address that goes and comes again leaves the host as it was.
func TestAnAddressComesBackIntoItsUnit(t *testing.T) {
	t.Parallel()
	h, s := image(t, nil), bundledSpec()
	for range 2 {
		for _, tc := range []struct{ listen, want []string }{
			{[]string{"8080", "8081"}, []string{".socket 8080", "-8081.socket 8081"}},
			{[]string{"8081"}, []string{"-8081.socket 8081"}},
			{[]string{"8082", "8081"}, []string{".socket 8082", "-8081.socket 8081"}},
		} {
			s.Listen = tc.listen
			apply(t, h, func(j plan.Journal) (plan.Plan, error) { return Install(t.Context(), h, j, s, false) })
			want := map[string]string{}
			for _, w := range tc.want {
				unit, address, _ := strings.Cut(w, " ")
				want[unit] = address
			}
			if diff := cmp.Diff(want, listening(t, h)); diff != "" {
				t.Errorf("%v: want (-), got (+):\n%s", tc.listen, diff)
			}
		}
	}
}

func TestAUnitOfAnotherServiceIsNotReplaced(t *testing.T) {
	t.Parallel()
	web := own()
	web.Name, web.Listen = "web", []string{"8080", "8081"}
	h, j := installed(t, web)
	other := own()
	other.Name, other.Listen = "web-8081", []string{"9000"}
	_, err := Install(t.Context(), h, j, other, false)
	if err == nil || !strings.Contains(err.Error(), "web-8081.socket: it is a part of the service web") {
		t.Errorf("error is %v", err)
	}
}

func TestEachAddressHasAUnitNameOfItsOwn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"8080": "-8080.socket", "127.0.0.1:8080": "-127.0.0.1-8080.socket", "[::1]:8080": "-__1-8080.socket",
		"[fe80::1%eth0]:8080": "-fe80__1-eth0-8080.socket", "udp:53": "-udp-53.socket", "udp:[::1]:53": "-udp-__1-53.socket",
		"/run/x/y.sock": "-run-x-y.sock.socket",
	} {
		if got := ofAddress(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
