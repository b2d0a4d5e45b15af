package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// standIn writes a program that is run in the place of tcptune-server. Everybody may run it.
func standIn(t *testing.T, script string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tcptune-trial-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "server")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o755, file: 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func TestTheServerItselfSaysWhetherItCouldServe(t *testing.T) {
	t.Parallel()
	const taken, refused, open = "taken", "refused", "not known"
	for name, tc := range map[string]struct{ script, want, says string }{
		"it can":                        {"exit 0", taken, ""},
		"it cannot":                     {"echo 'tcptune-server: cannot use max-conns 0: none' >&2; exit 64", refused, "cannot serve x: cannot use max-conns 0: none"},
		"it is one without --check":     {"echo 'tcptune-server: cannot use --check: there is no such flag, --help lists them' >&2; exit 64", open, "no --check"},
		"it is another program":         {"exit 1", open, "exit status 1"},
		"it is one of the flags of Go":  {"echo 'flag provided but not defined: -check' >&2; exit 2", open, "no --check"},
		"it is killed meanwhile":        {"kill -KILL $$", open, "signal: killed"},
		"it gets the limits as flags":   {`case "$*" in *--max-conns=9*--limits*|*--limits*) exit 1;; *--max-conns=9*--check*|*--check*--max-conns=9*) exit 0;; esac; exit 1`, taken, ""},
		"it is asked by nobody special": {`[ "$(id -u)" != 0 ] || exit 1`, taken, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := echo()
			s.Name, s.Program, s.Limits = "x", standIn(t, tc.script), []Limit{{"max-conns", "9"}}
			unknown, err := Try(t.Context(), host.Host{}, s)
			got := taken
			switch {
			case report.Is(err, "check-failed"):
				got = refused
			case err != nil:
				t.Fatal(err)
			case unknown != "":
				got = open
			}
			if got != tc.want || !strings.Contains(fmt.Sprint(unknown, err), tc.says) {
				t.Errorf("%s: %q, %v", got, unknown, err)
			}
		})
	}
	t.Run("what cannot be run at all is an error", func(t *testing.T) {
		s := echo()
		s.Program = standIn(t, "") + ".nosuch"
		if _, err := Try(t.Context(), host.Host{}, s); err == nil {
			t.Error("no error")
		}
	})
}

func TestLimitsAreComparedByWhatTheyMean(t *testing.T) {
	t.Parallel()
	for _, same := range [][2]string{{"60s", "1m0s"}, {"1000/s", "1000"}, {"7", "7"}, {"0s", "0"}} {
		if !sameLimit(same[0], same[1]) {
			t.Errorf("%s is not %s", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{"60s", "61s"}, {"1000/s", "100"}, {"7", ""}, {"7", "70"}} {
		if sameLimit(other[0], other[1]) {
			t.Errorf("%s is %s", other[0], other[1])
		}
	}
}
