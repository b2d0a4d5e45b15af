package docs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tcptune/tcptune/test/markdown"
)

// notHere are lines that are shown and need not occur: another kernel, or a namespace, says something else.
func notHere() []string {
	return []string{
		"net.ipv4.tcp_rmem kept 4096 131072 33554432", // since Linux 6.16
		"host already has more than 4096 131072 16777216",
		"14 changed, 3 as wanted, 1 kept, 1 skipped", // in a namespace some keys are refused or missing
	}
}

// TestShownOutputOccursOnARunningHost runs those dialogues that show what tcptune says about a running host, on the
// machine's kernel in namespaces of their own, with the files of a fixture. Every line that is shown is printed there.
func TestShownOutputOccursOnARunningHost(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a real kernel in namespaces needs root")
	}
	dir := programs(t)
	for _, p := range fromPagesHere(t) {
		t.Run(filepath.Base(p.Path), func(t *testing.T) {
			talk := spoken(p)
			if talk == nil {
				return
			}
			s := newSandbox(t, dir, "ubuntu-24.04")
			for i, out := range s.live(dir, talk) {
				printed := strings.Split(squeeze(out), "\n")
				for line := range strings.Lines(talk[i].output) {
					line = squeeze(strings.TrimRight(line, "\n"))
					if line != "…" && !slices.Contains(printed, line) && !slices.Contains(notHere(), line) {
						t.Errorf("%s: shown, and not printed: %s\n%s", talk[i].command, line, out)
					}
				}
			}
		})
	}
}

// spoken are the exchanges with a running host whose output is shown. Of "tcptune port" none is: it depends on who
// listens. What "tcptune diagnose" says depends on transfers that test/diagnose makes, and holds the page against.
func spoken(p markdown.Page) []exchange {
	var all []exchange
	for _, b := range p.Blocks() {
		for _, e := range exchanges(b.Text) {
			if b.Lang == "" && e.live() && e.output != "" && !isMake(e.command) && !strings.Contains(e.command, "tcptune diagnose") {
				all = append(all, e)
			}
		}
	}
	return all
}

// squeeze makes one space of several: how wide a column is depends on rows that are left out.
func squeeze(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}

// live runs the commands one after the other in one room and returns what each printed. Before the first status, when
// all is tuned, somebody else gets at the host, as the pages tell: the files that set a key otherwise come to the
// fixture then.
func (s *sandbox) live(programs string, talk []exchange) []string {
	s.Helper()
	const mark = "=== next ===\n"
	rivals := s.TempDir()
	script := strings.Builder{}
	came := false
	for _, e := range talk {
		if strings.HasPrefix(e.command, "tcptune status") && !came {
			fmt.Fprintf(&script, "cp %s/99-zz-app.conf /etc/sysctl.d/; cp %s/sysctl.conf /etc/\n", rivals, rivals)
			came = true
		}
		fmt.Fprintf(&script, "echo '%s'\n{ %s\n} 2>&1\ncase $? in 0|2|4) ;; *) exit 1 ;; esac\n", strings.TrimSpace(mark),
			e.command)
	}
	for _, name := range []string{"etc/sysctl.d/99-zz-app.conf", "etc/sysctl.conf"} {
		data, err := os.ReadFile(filepath.Join(s.image, name))
		if err != nil {
			s.Fatal(err)
		}
		s.write(filepath.Join(rivals, filepath.Base(name)), string(data), 0o644)
	}
	if err := os.Remove(filepath.Join(s.image, "etc/sysctl.d/99-zz-app.conf")); err != nil {
		s.Fatal(err)
	}
	s.write(filepath.Join(s.image, "etc/sysctl.conf"), "", 0o644)

	furnish, err := filepath.Abs("live.sh")
	if err != nil {
		s.Fatal(err)
	}
	cmd := exec.Command("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", furnish,
		s.image, programs)
	cmd.Dir, cmd.Env, cmd.Stdin = s.dir, s.env, strings.NewReader(script.String())
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if strings.Contains(errs.String(), "unshare failed: Operation not permitted") {
		s.Skip("a real kernel in namespaces needs the right to make them (CAP_SYS_ADMIN)")
	}
	if err != nil {
		s.Fatalf("in its room: %v\n%s%s", err, out, errs.String())
	}
	outputs := strings.Split(string(out), mark)[1:]
	if len(outputs) != len(talk) {
		s.Fatalf("%d commands have %d outputs:\n%s%s", len(talk), len(outputs), out, errs.String())
	}
	return outputs
}
