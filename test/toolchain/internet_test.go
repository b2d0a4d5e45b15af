package toolchain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/test/long"
)

// flows are what the internet tells users to do, some of it long after a Go came by tcptune: as root, in the home of alice.
// Each begins where tcptune has installed Go 1.99.1, which tcptune.yaml declares.
var flows = []struct{ name, script, list, status, install string }{
	{"nothing", "", "1.99.1 active", "", "nothing"},
	{"rm -rf /usr/local/go", "rm -rf /usr/local/go", "1.99.1 installed", "none of tcptune is active", "/usr/local/go"},
	{
		"rm -rf, and tar", "rm -rf /usr/local/go; tar -C /usr/local -xzf /var/lib/other.tar.gz", "1.99.1 installed, 1.50.0 active by hand",
		"none of tcptune is active", "/usr/local/go",
	},
	{
		"tar over it", "tar -C /usr/local -xzf /var/lib/other.tar.gz", "1.99.1 damaged", "1.99.1 is damaged: ",
		"/usr/local/lib/tcptune/go/1.99.1",
	},
	{
		"apt install golang", "mkdir -p /usr/lib/go-1.50/bin; echo go1.50.0 >/usr/lib/go-1.50/VERSION; cp /var/lib/other /usr/lib/go-1.50/bin/go; " +
			"ln -sf ../lib/go-1.50/bin/go /usr/bin/go; printf 'Package: golang-1.50-go\\nStatus: install ok installed\\nVersion: 1.50.0-1\\n' >>/var/lib/dpkg/status",
		"1.99.1 active, 1.50.0 installed by apt", "", "nothing",
	},
	{
		"snap install go", "mkdir -p /snap/bin /snap/go/1/bin; ln -s 1 /snap/go/current; echo go1.50.0 >/snap/go/1/VERSION; cp /var/lib/other /snap/go/1/bin/go; " +
			"ln -s ../go/current/bin/go /snap/bin/go; echo 'export PATH=/snap/bin:$PATH' >/etc/profile.d/apps-bin-path.sh",
		"1.99.1 active, 1.50.0 installed by snap", "", "nothing",
	},
	{
		"goenv init", `mkdir -p .goenv/bin .goenv/shims; cp /var/lib/other .goenv/shims/go
printf '#!/bin/sh\necho "export PATH=$HOME/.goenv/shims:\\$PATH; goenv() { :; }"\n' >.goenv/bin/goenv; chmod 755 .goenv/bin/goenv
for f in .bashrc .bash_profile .zshrc; do echo 'eval "$($HOME/.goenv/bin/goenv init -)"' >>$f; done`, "1.99.1 active", "", "nothing",
	},
	{
		"gvm", `mkdir -p .gvm/gos/go1.50/bin .gvm/scripts; cp /var/lib/other .gvm/gos/go1.50/bin/go
echo 'export GOROOT=$HOME/.gvm/gos/go1.50; export PATH=$GOROOT/bin:$PATH; cd() { builtin cd "$@"; }' >.gvm/scripts/gvm
for f in .bashrc .bash_profile .zshrc; do echo '[ -s "$HOME/.gvm/scripts/gvm" ] && . "$HOME/.gvm/scripts/gvm"' >>$f; done`,
		"1.99.1 active", "", "nothing",
	},
	{
		"brew shellenv", `b=/home/linuxbrew/.linuxbrew/bin; mkdir -p $b; cp /var/lib/other $b/go
printf '#!/bin/sh\necho "export PATH=%s:\\$PATH"\n' $b >$b/brew; chmod 755 $b/brew
for f in .bash_profile .zprofile; do echo 'eval "$(/home/linuxbrew/.linuxbrew/bin/brew shellenv)"' >>$f; done`, "1.99.1 active", "", "nothing",
	},
	{"an alias", "for f in .bashrc .bash_profile .zshrc; do echo 'alias go=/var/lib/other' >>$f; done", "1.99.1 active", "", "nothing"},
}

// box is the machine with all its programs as an overlay, in which everything may be changed.
type box struct {
	ownHost
	dir string
}

func (h ownHost) openBox(n int) box {
	h.Helper()
	b := box{h, fmt.Sprintf("/run/boxes/%d/root", n)}
	above, work := filepath.Join(b.dir, "../above"), filepath.Join(b.dir, "../work")
	for _, dir := range []string{b.dir, above, work} {
		h.check(os.MkdirAll(dir, 0o755))
	}
	h.check(unix.Mount("overlay", b.dir, "overlay", 0, "lowerdir=/,upperdir="+above+",workdir="+work))
	h.check(unix.Mount("proc", b.dir+"/proc", "proc", 0, ""))
	h.check(unix.Mount("/dev", b.dir+"/dev", "", unix.MS_BIND|unix.MS_REC, ""))
	h.check(unix.Mount("tmpfs", b.dir+"/run", "tmpfs", 0, "mode=755"))
	return b
}

// run is what a command in the box prints, as the user uid in the environment of a session.
func (b box) run(uid uint32, argv ...string) (out string, code int) {
	b.Helper()
	var stdout bytes.Buffer
	cmd := exec.CommandContext(b.Context(), argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Path = "/", &stdout, argv[0]
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: b.dir, Setsid: true}
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "TERM=dumb", "LANG=C.UTF-8", "SUDO_USER=alice"}
	if uid != 0 {
		cmd.Env = append(cmd.Env, "HOME=/home/alice", "USER=alice", "LOGNAME=alice")
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.Fatalf("%q: %v", argv, err)
	}
	return stdout.String(), cmd.ProcessState.ExitCode()
}

func (b box) report(args ...string) (r report.Report) {
	b.Helper()
	out, _ := b.run(0, append(append([]string{"/root/tcptune"}, args...), "--json")...)
	b.check(json.Unmarshal([]byte(out), &r))
	return r
}

// asked is what the shells of alice answer to tcptune, and to the judge, who runs the same shell as she would.
func (b box) asked(shell string) (rows []string) {
	b.Helper()
	b.run(0, "/usr/bin/sed", "-i", `/^alice:/d; $a alice:x:4711:4711::/home/alice:/usr/bin/`+shell, "/etc/passwd")
	var r report.Report
	for range 20 { // a machine with much to do may take longer than a shell is given
		if r = b.report("go", "list", "--shells"); !strings.Contains(fmt.Sprint(r.Shells), "it does not answer within") {
			break
		}
	}
	for _, flags := range [][]string{{"-l", "-i"}, {"-i"}} {
		kind := map[int]string{2: "login shell of alice", 1: "shell of alice"}[len(flags)]
		// In the place of the shell, as a program that it starts would see it.
		question := `a=$(command -v go); exec /bin/sh -c 'echo "|$0|$(command -v go)|$(go version)|"' "$a"`
		said, _ := b.run(4711, append(append([]string{"/usr/bin/" + shell}, flags...), "-c", question)...)
		_, said, _ = strings.Cut(said, "|")
		judge := strings.Split(said, "|")
		if len(judge) < 3 {
			b.Fatalf("%s %v says %q", shell, flags, said)
		}
		for _, g := range r.Shells {
			if g.Target != kind {
				continue
			}
			aliased := judge[0] != "" && !strings.HasPrefix(judge[0], "/")
			active := !aliased && slices.ContainsFunc(r.Versions, func(v report.GoVersion) bool {
				return v.State == "active" && strings.HasSuffix(judge[2], " go"+v.Target+" linux/any")
			})
			if g.Go != judge[1] || active != (g.State == "active") || aliased && g.State != "unknown" {
				b.Errorf("%s: tcptune says %+v, the shell itself %q", shell, g, judge)
			}
			rows = append(rows, fmt.Sprintf("  %-5s %-5s: %s, %s; tcptune: %s", shell, strings.Join(flags, ""), judge[1], judge[2], g.State))
		}
	}
	return rows
}

// What list, status and install say after each of these, and which go the shells of a user find: those judge by themselves.
func TestWhatUsersAreToldToDoIsSeenForWhatItIs(t *testing.T) {
	long.Only(t, "ten ways of advice, each judged by four kinds of shell, with a real toolchain")
	const itsTable = "TCPTUNE_TEST_TABLE"
	file := filepath.Join(t.TempDir(), "table")
	h, ok := enter(t, itsTable+"="+file)
	if !ok {
		if text, err := os.ReadFile(file); err == nil {
			t.Logf("after what users are told to do:\n%s", text)
		}
		return
	}
	for _, shell := range []string{"bash", "zsh"} {
		if _, err := exec.LookPath(shell); err != nil {
			t.Skip("it asks both shells, and there is no ", shell)
		}
	}
	other := fmt.Sprintf(pretender, "echo go version go1.50.0 linux/any", ":")
	ours, over := h.packed("1.99.1", good("1.99.1")), h.packed("1.50.0", other)
	var table strings.Builder
	for n, f := range flows {
		b := h.openBox(n)
		put := func(name string, data []byte, mode os.FileMode) {
			h.check(errors.Join(os.RemoveAll(b.dir+name), os.MkdirAll(filepath.Dir(b.dir+name), 0o755), os.WriteFile(b.dir+name, data, mode)))
		}
		release, err := os.ReadFile("/etc/os-release")
		h.check(err)
		program, err := os.ReadFile(os.Getenv(itsProgram))
		h.check(err)
		put("/etc/os-release", release, 0o644)
		put("/root/tcptune", program, 0o755)
		put("/var/lib/go1.99.1.linux-amd64.tar.gz", ours, 0o644)
		put("/var/lib/other.tar.gz", over, 0o644)
		put("/var/lib/other", []byte(other), 0o755)
		put("/etc/tcptune/tcptune.yaml", []byte("go: {version: 1.99.1}\n"), 0o644)
		put("/etc/environment", []byte("PATH=/usr/local/bin:/usr/bin:/bin\n"), 0o644)
		install := []string{"go", "install", "1.99.1", "--file", "/var/lib/go1.99.1.linux-amd64.tar.gz", "--sha256", sum(ours)}
		b.run(0, "/bin/sh", "-ec", "rm -rf /usr/local/go /usr/local/bin/go* /usr/local/lib/tcptune /usr/bin/go /usr/lib/go-* /home /etc/profile.d/*go* "+
			"/var/lib/tcptune; mkdir -p /home/alice; chown 4711:4711 /home/alice")
		if out, code := b.run(0, append([]string{"/root/tcptune"}, install...)...); code != 0 {
			t.Fatalf("exit %d\n%s", code, out)
		}
		if out, code := b.run(0, "/bin/sh", "-ec", "cd /home/alice; "+f.script+"\nchown -R 4711:4711 /home/alice"); code != 0 {
			t.Fatalf("%s: exit %d\n%s", f.name, code, out)
		}

		var list, planned []string
		for _, g := range b.report("go", "list").Versions {
			row := g.Target + " " + g.State
			if g.By != "tcptune" {
				row += " by " + g.By
			}
			list = append(list, row)
		}
		drift := "as declared"
		for _, w := range b.report("status").Warnings {
			if strings.Contains(w, "is declared") {
				drift = w
			}
		}
		for _, c := range b.report(append(install, "--dry-run")...).Changes {
			if c.Status == report.Planned {
				planned = append(planned, c.Target)
			}
		}
		does := strings.Join(append(planned, "nothing")[:max(1, len(planned))], ", ")
		if got := strings.Join(list, ", "); got != f.list {
			t.Errorf("%s: list says %q, want %q", f.name, got, f.list)
		}
		if !strings.Contains(drift, f.status) || f.status == "" && drift != "as declared" {
			t.Errorf("%s: status says %q, want %q", f.name, drift, f.status)
		}
		if !strings.HasPrefix(does, f.install) {
			t.Errorf("%s: install would do %s, want %s", f.name, does, f.install)
		}
		fmt.Fprintf(&table, "%s\n  list: %s\n  status: %s\n  install: %s\n", f.name, strings.Join(list, ", "), drift, does)
		for _, shell := range []string{"bash", "zsh"} {
			fmt.Fprintln(&table, strings.Join(b.asked(shell), "\n"))
		}
	}
	h.check(os.WriteFile(os.Getenv(itsTable), []byte(table.String()), 0o644))
}
