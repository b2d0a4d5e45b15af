package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// listen listens in a process that can be stopped.
func (r room) listen(address string) {
	r.Helper()
	l, err := net.Listen("tcp", address)
	r.check(err)
	f, err := l.(*net.TCPListener).File()
	r.check(err)
	r.hold(f)
	r.check(l.Close())
}

// hold hands a socket to a process that can be stopped.
func (r room) hold(f *os.File) {
	r.Helper()
	cmd := exec.Command("sleep", "1000")
	cmd.ExtraFiles = []*os.File{f}
	r.check(cmd.Start())
	go func() { _ = cmd.Wait() }() // nobody else would take its exit status
	r.check(f.Close())
}

// Who may not close a connection, or end a holder, does neither, in the dry run as in the run.
func TestKernelConnectionIsNotClosedWithoutTheRight(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.listen("127.0.0.1:9005")
	r.listen("127.0.0.1:9006")
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9007}}).Dial("tcp", "127.0.0.1:9006")
	r.check(err)
	f, err := c.(*net.TCPConn).File()
	r.check(err)
	r.hold(f)
	r.check(c.Close())
	for drop, want := range map[string]string{
		"--bounding-set=-net_admin":                        "lacks CAP_NET_ADMIN, with which connections are closed",
		"--bounding-set=-sys_ptrace":                       "lacks CAP_SYS_PTRACE",
		"--reuid=65534 --regid=65534 --clear-groups":       "only root may",
		"--bounding-set=-all --reuid=65534 --clear-groups": "only root may",
	} {
		for _, dry := range []string{"--dry-run", "--no-force"} { // the latter is a run
			args := append(strings.Fields(drop), "tcptune", "port", "9005", "9007", "--kill", "--close", dry)
			got := r.start(exec.Command("setpriv", args...))()
			left := r.run(report.ExitDone, "port", "9005,9007", "--any-state").out
			if got.code != report.ExitNeedsRoot || !strings.Contains(got.err, want) || strings.Count(left, "LISTEN") != 1 || strings.Count(left, "ESTAB") != 1 {
				t.Errorf("%s: want exit 77 and %q, got %v; left:\n%s", strings.Join(args, " "), want, got, left)
			}
		}
	}
}

func TestKernelPortIsFreedOnceAndTwice(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.listen("127.0.0.1:9005")
	r.says(r.run(report.ExitDone, "port", "9005", "--kill", "--dry-run").out, "to be ended")
	r.run(report.ExitDone, "port", "9005", "--expect", "held")
	held := r.report(r.run(report.ExitDone, "port", "9005", "--kill", "--json"))
	if !held.Changed || len(held.Changes) != 1 || held.Changes[0].Kind != "signal" || len(held.Holders) != 0 {
		t.Errorf("%+v", held)
	}
	free := r.report(r.run(report.ExitDone, "port", "9005", "--kill", "--json"))
	if free.Changed || len(free.Changes) != 0 {
		t.Errorf("%+v", free)
	}
	// What else is to be known of a port that nobody holds is said by --kill as well.
	r.set("net.ipv4.ip_local_reserved_ports", "9005")
	r.says(r.run(report.ExitDone, "port", "9005").err, "tcp/9005 is reserved in net.ipv4.ip_local_reserved_ports")
	r.says(r.run(report.ExitDone, "port", "9005", "--kill").err, "tcp/9005 is reserved in net.ipv4.ip_local_reserved_ports")
}

// Free is the same for --expect and --wait as for --kill: a server could bind it.
func TestKernelPortThatIsBoundWithoutListeningIsNotFree(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	r.check(err)
	r.check(unix.Bind(fd, &unix.SockaddrInet4{Port: 9005}))
	r.says(r.run(report.ExitDiffers, "port", "9005", "--expect", "free").err, "tcp/9005 is not free: no server can bind it")
	r.run(report.ExitDiffers, "port", "9005", "--wait", "free", "--timeout", "1ms")
	r.run(report.ExitDiffers, "port", "9005", "--expect", "held")
	r.check(unix.Close(fd))
	r.run(report.ExitDone, "port", "9005", "--expect", "free")
	r.run(report.ExitDone, "port", "9005", "--wait", "free")
}

func TestKernelPortIsWatched(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	cmd := exec.Command("tcptune", "port", "9005", "--watch")
	out, err := cmd.StdoutPipe()
	r.check(err)
	r.check(cmd.Start())
	lines := bufio.NewScanner(out)
	next := func(want string) {
		r.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		r.Fatalf("no line has %q", want)
	}
	next("tcp/9005 has no holder")
	r.listen("127.0.0.1:9005")
	next("sleep 1000")
	r.run(report.ExitDone, "port", "9005", "--kill")
	next("tcp/9005 has no holder")
	r.check(cmd.Process.Signal(os.Interrupt))
	r.check(cmd.Wait())
}
