package portcheck

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

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
