package portcheck

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// A process that job control has stopped takes SIGTERM when it is continued, and needs no SIGKILL.
func TestAStoppedProcessIsContinuedToEnd(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	p := r.actor("listen 127.0.0.1:8080", nil)
	r.must(p.Process.Signal(unix.SIGSTOP))
	r.until("it is stopped", func() bool { s, _ := readStat(p.pid()); return s.state == 'T' })
	_, s := r.look(Query{Ranges: ports(TCP, 8080, 8080)})
	if !s.Holders[0].Owners[0].Stopped || !s.Report()[0].Processes[0].Stopped {
		t.Error("it is not shown as stopped")
	}
	acts, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	if acts[0].Reason != "ended by SIGTERM" || !verdicts[0].Free {
		t.Errorf("%+v %+v", acts, verdicts)
	}
}

// Who takes no notice of a signal is known before, and the first process of a PID namespace is not waited for in vain.
func TestASignalThatIsThrownAwayIsForeseen(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	const plain, ignoring, handling = "exec sleep 1000", "trap '' TERM 40; exec sleep 1000", "trap exit TERM; sleep 1000 3>&- & wait"
	const stubborn = "trap : TERM; while :; do sleep 1000 3>&- & wait; done"
	for name, c := range map[string]struct {
		shell     string
		first     bool // of a PID namespace
		order     Order
		why, came string
		waits     bool
	}{
		"an ordinary process":     {shell: plain, came: "ended by SIGTERM"},
		"one that ignores it":     {shell: ignoring, why: "; ignores SIGTERM, and SIGKILL follows after 1s", came: "ended by SIGKILL, 1s after SIGTERM: it ignores SIGTERM", waits: true},
		"a signal without a name": {shell: ignoring, order: Order{Signal: 40}, why: "; ignores signal 40, and", came: "ended by SIGKILL, 1s after signal 40: it ignores signal 40", waits: true},
		"what ends nobody":        {shell: plain, order: Order{Signal: unix.SIGWINCH}, why: "; is not ended by SIGWINCH, and", came: "ended by SIGKILL, 1s after SIGWINCH: it is not ended", waits: true},
		"SIGKILL itself":          {shell: ignoring, order: Order{Signal: unix.SIGKILL}, came: "ended by SIGKILL"},
		"without SIGKILL":         {shell: ignoring, order: Order{NoForce: true}, came: "it ignores SIGTERM, and with --no-force no SIGKILL follows"},
		"the first process of a PID namespace": {
			shell: plain, first: true,
			why:  "; takes no SIGTERM: it is the first process of a PID namespace and has no handler for that, and SIGKILL follows at once",
			came: "ended by SIGKILL: it takes no SIGTERM",
		},
		"with a handler":             {shell: handling, first: true, came: "ended by SIGTERM"},
		"a handler that ends nobody": {shell: stubborn, order: Order{NoForce: true}, came: "still runs 1s after SIGTERM", waits: true},
	} {
		cmd := exec.Command("sh", "-c", c.shell)
		if c.first {
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		}
		p := r.start(cmd, r.listener("127.0.0.1:8080"))
		r.until(name+": it is ready", func() bool {
			sleeps := p.pid()
			if c.shell == handling || c.shell == stubborn { // a child of it, which holds the port until it is sleep(1)
				child, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", p.pid()))
				sleeps, _ = strconv.Atoi(strings.TrimSpace(string(child)))
			}
			comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", sleeps))
			m, _ := readMasks(p.pid())
			return string(comm) == "sleep\n" && (sleeps == p.pid() || m.caught != 0)
		})
		c.order.Grace, c.order.Signal = patience/2, cmp.Or(c.order.Signal, unix.SIGTERM)
		if c.waits {
			c.order.Grace = time.Second
		}
		begun := time.Now()
		acts, verdicts := r.free(ports(TCP, 8080, 8080), c.order)
		if took := time.Since(begun); took >= c.order.Grace != c.waits {
			t.Errorf("%s: it took %s", name, took)
		}
		if len(acts) != 1 || !strings.HasPrefix(acts[0].Why, "holds tcp/8080"+c.why) || !strings.HasPrefix(acts[0].Reason, c.came) ||
			verdicts[0].Free == c.order.NoForce {
			t.Errorf("%s: %+v %+v", name, acts, verdicts)
		}
		p.kill(t)
	}
}

// One run is enough, however the holders move.
func TestHoldersThatMoveAreFollowed(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	for _, role := range []string{"mover 127.0.0.1:8080", "forker 127.0.0.1:8080 40"} {
		for range 3 {
			p := r.actor(role, nil)
			order := usual()
			order.Settle = false
			acts, verdicts := r.free(ports(TCP, 8080, 8080), order)
			if !verdicts[0].Free {
				t.Errorf("%s: %+v %+v", role, acts, verdicts)
			}
			p.awaitEnd(t)
		}
	}
}

// A name is chosen by whoever starts a process, and proves nothing; a file of root's does.
func TestAnOrdinaryUsersProcessIsGuardedByNoName(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	sleep, err := exec.LookPath("sleep")
	r.must(err)
	program, err := os.ReadFile(sleep)
	r.must(err)
	dir := t.TempDir()
	r.must(os.Chmod(filepath.Dir(dir), 0o755))
	r.must(os.Chmod(dir, 0o755))
	for name, c := range map[string]struct {
		owner   int // of the file
		user    bool
		refused bool
	}{
		"dbus-daemon": {nobody, true, false}, "sshd": {nobody, true, false}, "cron": {nobody, true, false},
		"dockerd": {0, true, true}, "crond": {0, false, true},
	} {
		file := filepath.Join(dir, name)
		r.must(os.WriteFile(file, program, 0o755))
		r.must(os.Chown(file, c.owner, c.owner))
		cmd := exec.Command(file, "1000")
		socket := r.listener("127.0.0.1:8080")
		if c.user {
			asNobody(cmd)
			r.must(unix.Fchown(int(socket.Fd()), nobody, nobody))
		}
		p := r.start(cmd, socket)
		acts, _ := r.free(ports(TCP, 8080, 8080), usual())
		if refused := acts[0].Status == report.Refused; refused != c.refused {
			t.Errorf("%s, a file of user %d: refused %v, want %v: %s", name, c.owner, refused, c.refused, acts[0].Reason)
		}
		_ = p.Process.Kill()
		p.awaitEnd(t)
	}
}

// Whoever can hand a socket to a daemon of root could have it ended by root.
func TestADaemonOfRootIsNotEndedForAStrangersSocket(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	handed := func() proc {
		socket := r.listener("127.0.0.1:8080")
		r.must(unix.Fchown(int(socket.Fd()), nobody, nobody))
		return r.keeper(socket)
	}
	daemon := handed()
	acts, _ := r.free(ports(TCP, 8080, 8080), usual())
	if acts[0].Status != report.Refused || !strings.Contains(acts[0].Reason, "has made the socket") || !daemon.lives() {
		t.Errorf("it lives: %v; %+v", daemon.lives(), acts)
	}
	order := usual()
	order.Force, order.Settle = true, false
	if _, verdicts := r.free(ports(TCP, 8080, 8080), order); !verdicts[0].Free {
		t.Errorf("by force: %+v", verdicts)
	}
}

// A process is all that the main process of a unit is there for where only wrappers are between them.
func TestAWrapperIsToldFromASupervisor(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	dir := t.TempDir()
	npm := filepath.Join(dir, "npm-cli.js") // as npm is: a script of an interpreter
	r.must(os.WriteFile(npm, []byte("import subprocess; subprocess.run(['sh', '-c', 'sleep 1000; true'])"), 0o755))
	supervisor := filepath.Join(dir, "supervisor")
	r.must(os.WriteFile(supervisor, []byte("import subprocess; subprocess.run(['sleep', '1000'])"), 0o755))
	for name, c := range map[string]struct {
		command []string
		want    bool
	}{
		"a shell":                      {[]string{"sh", "-c", "sleep 1000; true"}, true},
		"a shell in a shell":           {[]string{"sh", "-c", "bash -c 'sleep 1000; true'; true"}, true},
		"timeout":                      {[]string{"timeout", "1000", "sleep", "1000"}, true},
		"npm":                          {[]string{"python3", npm}, true},
		"a shell with two jobs":        {[]string{"sh", "-c", "sleep 999 & sleep 1000; true"}, false},
		"a program that is no wrapper": {[]string{"python3", supervisor}, false},
		"a supervisor below a shell":   {[]string{"sh", "-c", "python3 " + supervisor + "; true"}, false},
		"a wrapper below two jobs":     {[]string{"sh", "-c", "sleep 999 & sh -c 'sleep 1000; true'; true"}, false},
	} {
		main := r.start(exec.Command(c.command[0], c.command[1:]...))
		holder := 0
		r.until(name, func() bool {
			holder = find("sleep", "1000")
			return holder != 0
		})
		p, err := Details(t.Context(), holder)
		r.must(err)
		o := Owner{Process: p}
		if got := wrapped(t.Context(), o, []Owner{o}, main.pid()); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		_ = exec.Command("pkill", "-KILL", "sleep").Run()
		_ = main.Process.Kill()
		main.awaitEnd(t)
		r.until("it is gone", func() bool { return find("sleep", "1000") == 0 })
	}
}

// find is the process with these arguments and no others, 0 for none.
func find(args ...string) int {
	for _, pid := range pids() {
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && string(text) == strings.Join(args, "\x00")+"\x00" {
			return pid
		}
	}
	return 0
}

// A person's shell starts nothing by itself once it has its terminal back; a loop that is typed into it does.
func TestAShellThatPromptsIsNotWaitedFor(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	self, err := os.Executable()
	r.must(err)
	server := asRole + "='listen 127.0.0.1:8080' " + self
	for name, c := range map[string]struct {
		typed string
		again bool
	}{
		"in the foreground": {server, false},
		"in the background": {server + " &", false},
		"in a loop":         {"while true; do " + server + "; done", true},
	} {
		shell := exec.Command("bash", "--norc", "-i")
		terminal := r.atTerminal(shell)
		go func() { // or it fills up
			for b := make([]byte, 4096); err == nil; {
				_, err = terminal.Read(b)
			}
		}()
		_, werr := fmt.Fprintln(terminal, c.typed)
		r.must(werr)
		held := func() bool { _, s := r.look(Query{Ranges: ports(TCP, 8080, 8080)}); return len(s.Holders) == 1 }
		r.until(name+": it listens", held)
		order := usual()
		begin := time.Now()
		acts, verdicts := r.free(ports(TCP, 8080, 8080), order)
		if verdicts[0].Again != c.again || verdicts[0].Free == c.again {
			t.Errorf("%s: %+v after %s: %+v", name, verdicts, time.Since(begin), acts)
		}
		if acts[0].shell != shell.Process.Pid {
			t.Errorf("%s: the shell is process %d, not %d", name, shell.Process.Pid, acts[0].shell)
		}
		r.must(shell.Process.Kill())
		_ = shell.Wait()
		_ = terminal.Close()
		_ = exec.Command("pkill", "-KILL", "-f", filepath.Base(self)+"$").Run()
		if _, s := r.look(Query{Ranges: ports(TCP, 8080, 8080)}); len(s.Holders) > 0 {
			r.free(ports(TCP, 8080, 8080), order)
		}
	}
}

// atTerminal starts a command at a terminal of its own, and returns the other end of that.
func (r room) atTerminal(cmd *exec.Cmd) *os.File {
	r.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	r.must(err)
	r.must(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	r.must(err)
	other, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	r.must(err)
	defer other.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = other, other, other
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	r.must(cmd.Start())
	return os.NewFile(uintptr(fd), "/dev/ptmx")
}
