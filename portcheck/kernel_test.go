package portcheck

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
	gopsutil "github.com/shirou/gopsutil/v3/net"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
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

func TestFamiliesAreNamed(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.keeper(r.listener("[::]:8080"), r.listener("[::]:8081", v6Only), r.listener("0.0.0.0:8081"), r.listener("127.0.0.1:8082"), r.listener("[::1]:8083"),
		r.mapped("[::ffff:127.0.0.1]:8084"), r.mapped("[::ffff:0.0.0.0]:8085"))
	_, s := r.look(Query{Ranges: ports(TCP, 8080, 8085)})
	var got []string
	for _, h := range s.Holders {
		got = append(got, h.Local.String()+" "+h.Family())
	}
	want := []string{"[::]:8080 dual-stack", "0.0.0.0:8081 ipv4", "[::]:8081 ipv6", "127.0.0.1:8082 ipv4", "[::1]:8083 ipv6", "[::ffff:127.0.0.1]:8084 ipv4", "[::ffff:0.0.0.0]:8085 ipv4"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("holders, wanted (-) and found (+):\n%s", diff)
	}
}

// Both ways of asking the kernel tell the same, but for what /proc/net does not have.
func TestProcNetAgreesWithNetlink(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.keeper(r.listener("[::]:8080"), r.listener("0.0.0.0:9000"), r.listener("127.0.0.1:9005"), r.socket(UDP, "[::]:9003"), r.socket(UDP, "127.0.0.1:53"))
	ranges := []Range{{TCP, 8080, 8080}, {TCP, 9000, 9004}, {TCP, 9006, 9100}, {UDP, 50, 9002}}
	n := Namespace{}
	snap, err := n.Sockets(ranges, false)
	r.must(err)
	if snap.Fallback != "" || len(snap.Sockets) != 3 {
		t.Fatalf("netlink: %+v", snap)
	}
	var rows []Socket
	for _, protocol := range []Protocol{TCP, UDP} {
		more, err := n.procNet(protocol, ranges, false)
		r.must(err)
		rows = append(rows, more...)
	}
	slices.SortFunc(rows, compareSockets)
	for i := range snap.Sockets {
		snap.Sockets[i].Cookie, snap.Sockets[i].Cgroup = 0, 0
	}
	if diff := cmp.Diff(fmt.Sprintf("%+v", snap.Sockets), fmt.Sprintf("%+v", rows)); diff != "" {
		t.Errorf("netlink (-), /proc/net (+):\n%s", diff)
	}
}

// The kernel's filter takes many ranges, and its whole width.
func TestManyRangesInOneQuestion(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	var sockets []*os.File
	var ranges []Range
	for port := uint16(5000); port < 5200; port += 2 {
		sockets = append(sockets, r.listener(fmt.Sprintf("0.0.0.0:%d", port)))
		if port%4 == 0 {
			ranges = append(ranges, Range{TCP, port, port})
		}
	}
	r.keeper(sockets...)
	for _, tc := range []struct {
		ranges []Range
		want   int
	}{{ranges, 50}, {ports(TCP, 1, 65535), 100}, {ports(TCP, 5001, 5001), 0}, {ports(TCP, 2, 5100), 51}, {ports(TCP, 5198, 65535), 1}} {
		snap, err := Namespace{}.Sockets(tc.ranges, false)
		r.must(err)
		if len(snap.Sockets) != tc.want {
			t.Errorf("%d ranges: %d sockets, want %d", len(tc.ranges), len(snap.Sockets), tc.want)
		}
	}
}

// An attribute of netlink is at most 65,535 bytes long: some 3,276 ranges would fit, and their neighbours be let
// through.
func TestMoreRangesThanAFilterTakes(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.keeper(r.listener("127.0.0.1:1001"), r.listener("127.0.0.1:1002"), r.listener("127.0.0.1:65000"))
	for _, count := range []int{mostFiltered, mostFiltered + 1, 3277, 3278, 20000} {
		var ranges []Range
		for i := range count {
			ranges = append(ranges, Range{TCP, uint16(2*i + 1), uint16(2*i + 1)})
		}
		snap, err := (Namespace{}).Sockets(ranges, false)
		r.must(err)
		if len(snap.Sockets) != 1 || snap.Sockets[0].Port() != 1001 || snap.Fallback != "" {
			t.Errorf("%d ranges: %+v", count, snap)
		}
	}
}

func TestASocketThatIsBoundElsewhereIsNotShown(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.keeper(r.socket(TCP, "127.0.0.1:8080"), r.socket(TCP, "[::1]:8081"))
	for _, q := range []Query{{Ranges: ports(TCP, 8082, 8082)}, {Ranges: ports(TCP, 8082, 8082), AnyState: true}} {
		if _, s := r.look(q); len(s.Holders)+len(s.Rest) > 0 {
			t.Errorf("of port 8082: %+v, %+v", s.Holders, s.Rest)
		}
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

// Each namespace has a range of its own for its clients, and may have another one than ours.
func TestWhatIsEphemeralIsAskedOfTheNamespace(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	other := r.start(cmd)
	v, err := Open(host.Host{}, fmt.Sprint(other.pid()))
	r.must(err)
	defer v.Close()
	r.must(v.namespaces[0].Do(func() error {
		return os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("2000 3001"), 0)
	}))
	holder := func(port uint16) Holder {
		return Holder{Socket: Socket{Protocol: UDP, Local: netip.AddrPortFrom(netip.IPv4Unspecified(), port)}}
	}
	f, err := v.gather(r.Context(), Survey{Holders: []Holder{holder(2500), holder(40000)}})
	r.must(err)
	if diff := cmp.Diff(map[uint16]bool{2500: true, 40000: false}, f.ephemeral); diff != "" {
		t.Errorf("wanted (-) and found (+):\n%s", diff)
	}
}

func TestAClientOnThePortIsNoHolder(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.keeper(r.listener("127.0.0.1:80"))
	f := r.socket(TCP, "127.0.0.1:8080")
	r.must(unix.Connect(int(f.Fd()), &unix.SockaddrInet4{Port: 80, Addr: [4]byte{127, 0, 0, 1}}))
	client := r.keeper(f)
	_, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	if !client.lives() || verdicts[0].Free || !strings.Contains(verdicts[0].Reason, "local end of a connection of sleep") {
		t.Errorf("it lives: %v, verdicts %+v", client.lives(), verdicts)
	}
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

func TestWithoutRootTheOwnerOfAnotherUserIsNotVisible(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.keeper(r.listener("[::]:8080"))
	r.actor("observe 8080", func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	})
}

func TestANamespaceThatDoesNotExistIsNamed(t *testing.T) {
	_, err := FindNamespaces(host.Host{}, "nosuch")
	if err == nil || !strings.HasPrefix(err.Error(), `cannot find the network namespace "nosuch": `) {
		t.Error(err)
	}
}

func TestAHundredPorts(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	p := r.actor("range 9000 100", nil)
	acts, verdicts := r.free(ports(TCP, 9000, 9099), usual())
	free := 0
	for _, v := range verdicts {
		if v.Free {
			free++
		}
	}
	if len(acts) != 1 || len(acts[0].Ports) != 100 || free != 100 {
		t.Fatalf("%d acts, %d free of %d: %+v", len(acts), free, len(verdicts), acts)
	}
	p.awaitEnd(t)
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

func TestTimeWaitIsExplained(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	// A FIN that is sent twice on a busy machine is answered by a reset, which ends TIME-WAIT at once (RFC 1337).
	r.must(os.WriteFile("/proc/sys/net/ipv4/tcp_rfc1337", []byte("1"), 0))
	var seen Survey
	for try := 0; try < 10 && len(seen.Rest) == 0; try++ {
		r.connectAndCloseFirst("127.0.0.1:8080")
		for wait := time.Now().Add(2 * time.Second); time.Now().Before(wait); time.Sleep(5 * time.Millisecond) {
			_, seen = r.look(Query{Ranges: ports(TCP, 8080, 8080)})
			if len(seen.Rest) > 0 && seen.Rest[0].State == TimeWait {
				break
			}
		}
	}
	if len(seen.Rest) != 1 || seen.Rest[0].State != TimeWait || seen.Rest[0].Seconds() <= 0 || seen.Rest[0].Seconds() > 60 {
		t.Fatalf("%+v", seen)
	}
	_, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	if !verdicts[0].Free {
		t.Errorf("Go sets SO_REUSEADDR, so a server can bind: %+v", verdicts)
	}
}

// connectAndCloseFirst leaves the server's end of a connection in TIME-WAIT: whoever closes first waits.
func (r room) connectAndCloseFirst(address string) {
	r.Helper()
	l, err := net.Listen("tcp", address)
	r.must(err)
	client, err := net.Dial("tcp", address)
	r.must(err)
	server, err := l.Accept()
	r.must(err)
	r.must(server.Close())
	_ = client.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = client.Read(make([]byte, 1))
	r.must(client.Close())
	r.must(l.Close())
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
