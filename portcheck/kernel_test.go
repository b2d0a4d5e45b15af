package portcheck

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
	gopsutil "github.com/shirou/gopsutil/v3/net"
	"golang.org/x/sys/unix"
)

func TestEveryHolderIsFoundAndEnded(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	twin := r.listener("[::]:8080", reusePort)
	shared, err := unix.Dup(int(twin.Fd()))
	r.must(err)
	first := r.keeper(twin)
	child := r.keeper(os.NewFile(uintptr(shared), "inherited"))
	second := r.keeper(r.listener("[::]:8080", reusePort))

	_, s := r.look(Query{Ranges: ports(TCP, 8080, 8080)})
	want := []int{first.pid(), child.pid(), second.pid()}
	got := owners(s)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("owners, wanted (-) and found (+):\n%s", diff)
	}
	// Why sockets are not asked of the library that describes processes.
	rows, err := gopsutil.Connections("tcp")
	r.must(err)
	if len(rows) >= 3 {
		t.Errorf("gopsutil finds %d holders by now: it could be asked", len(rows))
	}

	acts, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	for _, p := range []proc{first, child, second} {
		p.awaitEnd(t)
	}
	if len(acts) != 3 || !verdicts[0].Free {
		t.Errorf("acts %+v, verdicts %+v", acts, verdicts)
	}
}

func TestUDPInTheEphemeralRangeNeedsForce(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	f := r.socket(UDP, "127.0.0.1:40000")
	r.must(unix.Connect(int(f.Fd()), &unix.SockaddrInet4{Port: 53, Addr: [4]byte{127, 0, 0, 1}}))
	client := r.keeper(f)
	server := r.keeper(r.socket(UDP, "0.0.0.0:5353"))
	acts, verdicts := r.free([]Range{{UDP, 5353, 5353}, {UDP, 40000, 40000}}, usual())
	if !client.lives() || !verdicts[0].Free || verdicts[1].Free {
		t.Errorf("the client lives: %v; acts %+v, verdicts %+v", client.lives(), acts, verdicts)
	}
	server.awaitEnd(t)
	if a := acts[0]; a.Status != report.Refused || !strings.Contains(a.Reason, "127.0.0.1:53") {
		t.Errorf("%+v", a)
	}
	order := usual()
	order.Force = true
	if _, verdicts = r.free(ports(UDP, 40000, 40000), order); !verdicts[0].Free {
		t.Errorf("with --force: %+v", verdicts)
	}
	client.awaitEnd(t)
}

func TestAProcessThatIgnoresTheSignalIsKilled(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	deaf := r.start(exec.Command("sh", "-c", "trap '' TERM; exec sleep 1000"), r.listener("[::]:8080"))
	r.until("it ignores SIGTERM", func() bool {
		comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", deaf.pid()))
		return string(comm) == "sleep\n"
	})
	order := usual()
	order.Grace, order.NoForce = 300*time.Millisecond, true
	if acts, verdicts := r.free(ports(TCP, 8080, 8080), order); verdicts[0].Free || acts[0].Status != report.Refused || !deaf.lives() {
		t.Errorf("without force: %+v %+v", acts, verdicts)
	}
	order.NoForce = false
	acts, verdicts := r.free(ports(TCP, 8080, 8080), order)
	deaf.awaitEnd(t)
	if !verdicts[0].Free || !strings.Contains(acts[0].Reason, "SIGKILL, 300ms after SIGTERM") {
		t.Errorf("%+v %+v", acts, verdicts)
	}
}

// What a process does after it has closed the socket is its own business, but it did so because of the signal.
func TestAProcessThatClosesTheSocketAndGoesOnIsFreed(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	for _, noForce := range []bool{false, true} {
		saving := r.actor("saving 127.0.0.1:8080", nil)
		order := usual()
		order.Grace, order.NoForce = 3*time.Second, noForce // a busy machine needs a while to close it
		acts, verdicts := r.free(ports(TCP, 8080, 8080), order)
		if acts[0].Status != report.Applied || acts[0].Reason != "has closed it after SIGTERM, and still runs" || !verdicts[0].Free || !saving.lives() {
			t.Errorf("no force %v: %+v %+v", noForce, acts, verdicts)
		}
	}
}

func (r room) until(what string, done func() bool) {
	r.Helper()
	for deadline := time.Now().Add(patience / 2); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestWhoTakesThePortAgainIsNamed(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	for port, pause := range map[uint16]string{8080: "0s", 8081: "1s"} { // runsv(8) waits for a second
		supervisor := r.actor(fmt.Sprintf("supervise 127.0.0.1:%d %s", port, pause), nil)
		var v Verdict
		// A busy machine may need longer for a start than anybody waits; one that never waits sees no start that comes
		// a second later.
		for try := 0; try < 10 && !v.Again; try++ {
			r.until("the port is held", func() bool {
				_, s := r.look(Query{Ranges: ports(TCP, port, port)})
				return len(s.Holders) == 1
			})
			_, verdicts := r.free(ports(TCP, port, port), usual())
			v = verdicts[0]
		}
		if v.Free || !v.Again || !strings.Contains(v.Reason, fmt.Sprintf("(pid %d)", supervisor.pid())) || !supervisor.lives() {
			t.Errorf("after %s: free %v, again %v, %s", pause, v.Free, v.Again, v.Reason)
		}
	}
}

func TestAZombieLeaderHoldsWithItsOtherThreads(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	p := r.actor("leaderless 127.0.0.1:8080", nil)
	r.until("its first thread is a zombie", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid()))
		r.must(err)
		return strings.Contains(string(stat), ") Z ")
	})
	_, s := r.look(Query{Ranges: ports(TCP, 8080, 8080)})
	if diff := cmp.Diff([]int{p.pid()}, owners(s)); diff != "" {
		t.Fatalf("owners, wanted (-) and found (+):\n%s", diff)
	}
	acts, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	if !verdicts[0].Free {
		t.Fatalf("%+v %s", acts, verdicts[0].Reason)
	}
	p.awaitEnd(t)
}

func TestNobodyIsHitForAProcessThatEndsFirst(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	p := r.keeper(r.listener("[::]:8080"))
	v, s := r.look(Query{Ranges: ports(TCP, 8080, 8080), Thorough: true})
	acts, _, err := v.Plan(t.Context(), &s, usual())
	r.must(err)
	r.must(p.Process.Kill())
	p.awaitEnd(t)
	// The next process gets the same pid, and holds another socket at the same descriptor.
	r.must(os.WriteFile("/proc/sys/kernel/ns_last_pid", fmt.Appendf(nil, "%d", p.pid()-1), 0))
	heir := r.keeper(r.listener("[::]:9090"))
	if heir.pid() != p.pid() {
		t.Skipf("the pid was not given again: %d, not %d", heir.pid(), p.pid())
	}
	v.Free(t.Context(), acts, usual())
	if !heir.lives() || acts[0].Status != report.Unchanged {
		t.Errorf("the heir of the pid lives: %v; %+v", heir.lives(), acts)
	}
}

func TestAncestorsAreRefused(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	mine := r.listener("127.0.0.1:8080")
	defer mine.Close()
	other := r.keeper(func() *os.File {
		fd, err := unix.Dup(int(mine.Fd()))
		r.must(err)
		return os.NewFile(uintptr(fd), "")
	}())
	acts, verdicts := r.free(ports(TCP, 8080, 8080), Order{Grace: time.Second, Signal: unix.SIGTERM, Force: true})
	for _, a := range acts {
		if a.Status != report.Refused {
			t.Errorf("%+v", a)
		}
	}
	if len(acts) != 2 || verdicts[0].Free || !other.lives() {
		t.Errorf("%d acts, %+v; the other holder lives: %v", len(acts), verdicts, other.lives())
	}
}

// An interrupt is no leave to kill: a process that was given time to end keeps it.
func TestAnInterruptSendsNoSIGKILL(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	deaf := r.start(exec.Command("sh", "-c", "trap '' TERM; exec sleep 1000"), r.listener("[::]:8080"))
	r.until("it ignores SIGTERM", func() bool {
		comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", deaf.pid()))
		return string(comm) == "sleep\n"
	})
	v, s := r.look(Query{Ranges: ports(TCP, 8080, 8080), Thorough: true})
	acts, _, err := v.Plan(t.Context(), &s, usual())
	r.must(err)
	ctx, interrupt := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer interrupt()
	v.Free(ctx, acts, usual())
	if !deaf.lives() || acts[0].Status != report.Failed || !strings.Contains(acts[0].Reason, "interrupted") {
		t.Errorf("it lives: %v; %+v", deaf.lives(), acts[0])
	}
	if _, _, err := v.Prove(ctx, s, acts, usual()); err == nil || err.Error() != "cannot prove that the ports are free: interrupted" {
		t.Errorf("proof: %v", err)
	}
}

// Perl is on every Debian and Ubuntu; its programs are of one executable, as those of Python under supervisord are.
func TestAWorkerIsToldFromAJobOfTheSameExecutable(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		r.must(os.WriteFile(p, []byte(text), 0o644))
		return p
	}
	job := write("job.pl", "sleep 1000;\n")
	again := write("again.pl", "if (($ARGV[0] // '') ne '--worker') { system($^X, $0, '--worker') if !fork; } sleep 1000;\n")
	for _, tc := range []struct {
		script, child string // what its last child is run with
		want          bool
	}{
		{write("forks.pl", "fork; sleep 1000;\n"), "forks.pl", true},
		{write("supervisor.pl", "if (!fork) { exec $^X, '"+job+"'; } sleep 1000;\n"), "job.pl", false},
		{again, "--worker", true},
	} {
		script := filepath.Base(tc.script)
		main := r.start(exec.Command("perl", tc.script))
		child := 0
		r.until("the last child of "+script+" runs what it is to run", func() bool {
			child = lastDescendant(main.pid())
			args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
			return child != 0 && err == nil && strings.HasSuffix(string(args), tc.child+"\x00")
		})
		if got := SameProgram(main.pid(), child); got != tc.want {
			t.Errorf("%s: %v, want %v", script, got, tc.want)
		}
		if SameProgram(child, main.pid()) || SameProgram(main.pid(), os.Getpid()) || !SameProgram(child, child) {
			t.Errorf("%s: the relation holds the other way round", script)
		}
		r.must(main.Process.Kill())
		r.must(unix.Kill(child, unix.SIGKILL))
	}
}

// lastDescendant follows the first child of each process.
func lastDescendant(pid int) int {
	last := 0
	for {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		if _, scan := fmt.Sscan(string(text), &pid); err != nil || scan != nil {
			return last
		}
		last = pid
	}
}
