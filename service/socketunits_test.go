package service

import (
	"path"
	"slices"
	"strings"
	"testing"

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
		"the last one":    {nil, []string{"8080", "8081"}, []string{"8081"}, map[string]string{".socket": "8081"}},
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
