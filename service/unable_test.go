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
	const ok, idle, gone, text = "loaded", "inactive", "/usr/bin/gone", "/usr/bin/text"
	for name, tc := range map[string]struct {
		unit   host.Unit
		cannot bool
		says   string
	}{
		"has its program":        {host.Unit{Load: ok, Active: idle, Program: "/usr/bin/good"}, false, ""},
		"has several programs":   {host.Unit{Load: ok, Active: idle}, false, ""},
		"runs, its program gone": {host.Unit{Load: ok, Active: "active", Program: gone}, false, ""},
		"its program is gone":    {host.Unit{Load: ok, Active: idle, Program: gone}, true, "there is no /usr/bin/gone"},
		"its file is no program": {host.Unit{Load: ok, Active: "failed", Program: text}, true, "is no program"},
		"sees others":            {host.Unit{Load: ok, Active: idle, Program: gone, OwnFiles: true}, false, "not known"},
		"masked":                 {host.Unit{Load: "masked", Active: idle}, true, "sudo systemctl unmask x.service"},
		"masked while it runs":   {host.Unit{Load: "masked", Active: "active"}, false, ""},
		"without ExecStart":      {host.Unit{Load: "bad-setting", Active: idle}, true, "analyze verify x.service"},
		"no unit":                {host.Unit{Load: "not-found", Active: idle}, true, "there is no x.service"},
		"unreadable":             {host.Unit{Load: "error", Active: idle}, true, `"error"`},
	} {
		tc.unit.Name = "x.service"
		why, cannot := unable(h, tc.unit)
		if cannot != tc.cannot || (why == "") != (tc.says == "") || !strings.Contains(why, tc.says) {
			t.Errorf("%s: %v, %q", name, cannot, why)
		}
	}
}
