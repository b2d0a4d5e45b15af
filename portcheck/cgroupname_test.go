package portcheck

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// grown makes a path as systemd does, of the system's manager or of a user's, and says by which names its unit goes.
func grown(r *rand.Rand) (path string, names []string) {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	unit := func() string {
		name := pick("web", "a-b", `a\x2db`, "getty@tty1", "app-org.x@1", "user-1000", "cpu", "memory", "é")
		return name + pick(".service", ".scope", ".socket", ".mount", ".swap")
	}
	below := func() string { return pick("", "", "/payload", "/x.service", "/a/b", "/init.scope") }
	escaped := func(name string) string { return pick("", "_") + name }
	slices := func(all ...string) string { return strings.Join(all[:r.IntN(len(all)+1)], "") }
	if r.IntN(3) == 0 {
		u := unit()
		return "/system.slice" + slices("/system-web.slice", "/system-web-a.slice") + "/" + escaped(u) + below(), []string{u}
	}
	uid := []uint32{0, 33, 1000, 60001, 1<<32 - 2}[r.IntN(5)]
	manager := fmt.Sprintf("user@%d.service", uid)
	path = fmt.Sprintf("/user.slice/user-%d.slice/%s", uid, manager)
	if r.IntN(8) == 0 { // of the manager itself, which no unit of it has
		return path, []string{manager}
	}
	u := unit()
	path += pick("/app.slice", "/background.slice", "/session.slice", "") + slices("/app-web.slice", "/app-web-a.slice")
	return path + "/" + escaped(u) + below(), []string{fmt.Sprintf("%s of user %d", u, uid), u, manager}
}

func TestEachUnitIsKnownByItsNames(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		path, want := grown(r)
		for text, where := range map[string]string{
			"0::" + path + "\n": "version 2",
			"5:cpu,cpuacct:/user.slice\n1:name=systemd:" + path + "\n0::" + path + "\n": "both",
			"5:cpu,cpuacct:/user.slice\n1:name=systemd:" + path + "\n":                  "version 1",
		} {
			if got := ParseCgroup([]byte(text)).Names(); !slices.Equal(got, want) {
				t.Fatalf("%s, %s: %q, want %q", where, path, got, want)
			}
		}
	}
	for _, none := range []string{"/", "/docker/" + strings.Repeat("0123456789abcdef", 4), "/user.slice/user-1000.slice", ""} {
		if got := CgroupOf(none).Names(); got != nil {
			t.Errorf("%q: %q, want none", none, got)
		}
	}
}
