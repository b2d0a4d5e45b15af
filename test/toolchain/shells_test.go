package toolchain

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
	schematest "github.com/tcptune/tcptune/test/schema"
)

// alice is a user of the host whose start-up files lead to a go of her own, and leave a daemon.
func (h ownHost) alice(shell string) {
	h.Helper()
	home := filepath.Join("/var/lib", shell)
	h.sh("mkdir -p " + home + "/sdk/bin && printf '#!/bin/sh\n' >" + home + "/sdk/bin/go && chmod 755 " + home +
		"/sdk/bin/go && mkfifo " + home + "/sdk/VERSION")
	text := "setsid sh -c '(setsid sleep 100 &)' &\n[ \"$(id -u)\" = 0 ] && touch /var/lib/was-root\nexport PATH=" + home +
		"/sdk/bin:$PATH\n"
	for _, name := range []string{".profile", ".bashrc", ".zshrc", ".zprofile"} {
		h.check(os.WriteFile(filepath.Join(home, name), []byte(text), 0o644))
	}
	// What Debian's zshrc completes takes a busy machine seconds to list the first time.
	h.check(os.WriteFile(filepath.Join(home, ".zshenv"), []byte("skip_global_compinit=1\n"), 0o644))
	h.sh("chown -R 4711:4711 " + home + "; sed -i '/^alice:/d' /etc/passwd; echo 'alice:x:4711:4711::" + home +
		":/usr/bin/" + shell + "' >>/etc/passwd")
}

// processes are those of the PID namespace of this host.
func (h ownHost) processes() (list []string) {
	h.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	h.check(err)
	for _, name := range names {
		if text, err := os.ReadFile(name); err == nil && len(text) > 0 && !strings.Contains(string(text), "-test.") {
			list = append(list, name+" "+strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return list
}

// What sudo does: root calls, for alice.
func TestTheShellsOfWhoCallsSudoAreAsked(t *testing.T) {
	h, ok := enter(t)
	if !ok {
		return
	}
	h.check(os.WriteFile("/etc/environment", []byte("PATH=/usr/local/bin:/usr/bin:/bin\n"), 0o644))
	for _, shell := range []string{"bash", "dash", "zsh"} {
		h.alice(shell)
		h.Setenv("SUDO_USER", "alice")
		out, _ := h.tcptune(0, "go", "list", "--shells", "--json")
		for range 20 { // a machine with much to do may take longer than a shell is given
			if !strings.Contains(out, "it does not answer within") {
				break
			}
			out, _ = h.tcptune(0, "go", "list", "--shells", "--json")
		}
		schematest.Validate(h.T, []byte(out))
		var r report.Report
		h.check(json.Unmarshal([]byte(out), &r))
		asked := 0
		for _, g := range r.Shells {
			if strings.HasSuffix(g.Target, " of alice") &&
				!(shell == "dash" && g.Target == "shell of alice") { // which reads no file
				asked++
				if want := "/var/lib/" + shell + "/sdk/bin/go"; g.State != "other" || g.Go != want || g.Version != "" {
					h.Errorf("%s: got %+v, want %s", shell, g, want)
				}
			}
		}
		if asked == 0 {
			h.Errorf("%s was not asked:\n%s", shell, out)
		}
		if left := h.processes(); left != nil {
			h.Errorf("these still run: %q", left)
		}
	}
	for _, root := range []string{"", "root"} {
		h.Setenv("SUDO_USER", root)
		out, errs := h.tcptune(0, "go", "list", "--shells")
		h.says(errs, "note: no shell was asked: root asks, and not a user through sudo")
		if strings.Contains(out, "shell of ") {
			h.Errorf("a shell was asked:\n%s", out)
		}
	}
	if _, err := os.Stat("/var/lib/was-root"); !errors.Is(err, os.ErrNotExist) {
		h.Errorf("a start-up file was run as root: %v", err)
	}
}
