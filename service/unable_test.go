package service

import (
	"os"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
)

func TestAServiceThatCannotBeStartedIsNoGoodOne(t *testing.T) {
	t.Parallel()
	h := image(t, map[string]string{"/usr/bin/readme": "x"})
	for name, mode := range map[string]os.FileMode{"/usr/bin/good": 0o755, "/usr/bin/text": 0o644} {
		if err := h.WriteFile(name, []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		unit   host.Unit
		cannot bool
		says   string
	}{
		"has its program":              {host.Unit{Load: "loaded", Active: "inactive", Program: "/usr/bin/good"}, false, ""},
		"has several programs":         {host.Unit{Load: "loaded", Active: "inactive"}, false, ""},
		"runs, and its program is not": {host.Unit{Load: "loaded", Active: "active", Program: "/usr/bin/gone"}, false, ""},
		"its program is gone":          {host.Unit{Load: "loaded", Active: "inactive", Program: "/usr/bin/gone"}, true, "there is no /usr/bin/gone"},
		"its program is no program":    {host.Unit{Load: "loaded", Active: "failed", Program: "/usr/bin/text"}, true, "no program that may be run"},
		"sees other files":             {host.Unit{Load: "loaded", Active: "inactive", Program: "/usr/bin/gone", OwnFiles: true}, false, "is not known"},
		"masked":                       {host.Unit{Load: "masked", Active: "inactive"}, true, "sudo systemctl unmask x.service"},
		"masked while it runs":         {host.Unit{Load: "masked", Active: "active"}, false, ""},
		"without ExecStart":            {host.Unit{Load: "bad-setting", Active: "inactive"}, true, "systemd-analyze verify x.service"},
		"no unit":                      {host.Unit{Load: "not-found", Active: "inactive"}, true, "there is no x.service"},
		"unreadable":                   {host.Unit{Load: "error", Active: "inactive"}, true, `"error"`},
	} {
		tc.unit.Name = "x.service"
		why, cannot := unable(h, tc.unit)
		if cannot != tc.cannot || (why == "") != (tc.says == "") || !strings.Contains(why, tc.says) {
			t.Errorf("%s: %v, %q", name, cannot, why)
		}
	}
}
