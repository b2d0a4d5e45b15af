package portcheck

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// freeOf is free for what a query counts, and holds that a second look is not needed.
func (r room) freeOf(q Query, order Order) ([]Act, Verdict) {
	r.Helper()
	q.Thorough, q.Around = true, true
	v, s := r.look(q)
	acts, _, err := v.Plan(r.Context(), &s, order)
	r.must(err)
	r.must(v.Allowed(r.Context(), s, acts))
	acts, err = v.FreeAll(r.Context(), s, acts, order)
	r.must(err)
	verdicts, _, err := v.Prove(r.Context(), s, acts, order)
	r.must(err)
	return acts, verdicts[0]
}

// Nobody listens, and no server can bind the port: the owner of such a socket is ended where that is asked for, and
// otherwise named, with what would end it.
func TestWhoHasAPortBoundWithoutListeningIsEndedOnlyWhenAsked(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	for _, at := range []string{"127.0.0.1:8080", "[::1]:8080", "0.0.0.0:8080"} {
		p := r.keeper(r.socket(TCP, at))
		acts, verdict := r.freeOf(Query{Ranges: ports(TCP, 8080, 8080)}, usual())
		if len(acts) > 0 || verdict.Free || !p.lives() || verdict.Hint != "tcptune port 8080 --kill --bound ends it" ||
			!strings.Contains(verdict.Reason, fmt.Sprintf("(pid %d)", p.pid())) {
			t.Errorf("%s without being asked: %+v %+v", at, acts, verdict)
		}
		acts, verdict = r.freeOf(Query{Ranges: ports(TCP, 8080, 8080), Bound: true}, usual())
		if len(acts) != 1 || !verdict.Free {
			t.Errorf("%s: %+v %+v", at, acts, verdict)
		}
		p.awaitEnd(t)
	}
	// Whoever merely has a connection there has bound nothing that counts.
	server := r.keeper(r.listener("127.0.0.1:80"))
	client := r.keeper(r.connected("127.0.0.1:8080", "127.0.0.1:80"))
	if acts, verdict := r.freeOf(Query{Ranges: ports(TCP, 8080, 8080), Bound: true}, usual()); len(acts) > 0 || verdict.Free {
		t.Errorf("a connection: %+v %+v", acts, verdict)
	}
	if !server.lives() || !client.lives() {
		t.Error("a bystander was hit")
	}
}

// connected is a client's socket, bound by itself unless the port of at is 0.
func (r room) connected(at, to string) *os.File {
	r.Helper()
	f := r.socket(TCP, at)
	address := netip.MustParseAddrPort(to)
	r.must(unix.Connect(int(f.Fd()), &unix.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()}))
	return f
}

// A connection is closed where that is asked for and where it is in the way. Its process lives on.
func TestAConnectionThatIsInTheWayIsClosedOnlyWhenAsked(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.keeper(r.listener("127.0.0.1:80"))
	closing := usual()
	closing.Close = true
	q := Query{Ranges: ports(TCP, 8080, 8080)}

	reader := r.actor("dial 127.0.0.1:8080 127.0.0.1:80", nil)
	if acts, verdict := r.freeOf(q, usual()); len(acts) > 0 || verdict.Free || !strings.Contains(verdict.Hint, "--kill --close closes it") {
		t.Errorf("without being asked: %+v %+v", acts, verdict)
	}
	acts, verdict := r.freeOf(q, closing)
	if len(acts) != 1 || acts[0].Kind != report.Connection || acts[0].Status != report.Applied || !verdict.Free || !reader.lives() {
		t.Errorf("%+v %+v", acts, verdict)
	}

	// A process that does not notice has the port bound still.
	idle := r.keeper(r.connected("127.0.0.1:8080", "127.0.0.1:80"))
	acts, verdict = r.freeOf(q, closing)
	if acts[0].Status != report.Applied || verdict.Free || verdict.Hint != "tcptune port 8080 --kill --bound ends it" || !idle.lives() {
		t.Errorf("an idle process: %+v %+v", acts, verdict)
	}
	idle.kill(t)
	idle = r.keeper(r.connected("127.0.0.1:8080", "127.0.0.1:80"))
	q.Bound = true
	if acts, verdict = r.freeOf(q, closing); len(acts) != 2 || !verdict.Free {
		t.Errorf("with both flags: %+v %+v", acts, verdict)
	}
	idle.awaitEnd(t)
	q.Bound = false

	// What lets a server bind the port is not in the way, and left alone.
	polite := r.socket(TCP, "127.0.0.1:8080", reuseAddr)
	r.must(unix.Connect(int(polite.Fd()), &unix.SockaddrInet4{Port: 80, Addr: [4]byte{127, 0, 0, 1}}))
	keeper := r.keeper(polite)
	if acts, verdict = r.freeOf(q, closing); len(acts) > 0 || !verdict.Free {
		t.Errorf("a polite client: %+v %+v", acts, verdict)
	}
	keeper.kill(t)

	// Nor is a connection of what has started this tcptune closed.
	mine := r.connected("127.0.0.1:8081", "127.0.0.1:80")
	if acts, verdict = r.freeOf(Query{Ranges: ports(TCP, 8081, 8081)}, closing); len(acts) != 1 || acts[0].Status != report.Refused || verdict.Free {
		t.Errorf("of its own: %+v %+v", acts, verdict)
	}
	r.must(mine.Close())
}

// Older kernels list no such socket, on a port that nobody holds or beside a listener: then the sockets themselves are asked, and
// say the same.
func TestSocketsThatTheKernelDoesNotListAreAsked(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	if !listsBound() {
		t.Skip("this kernel does not list them, so that there is nothing to compare with")
	}
	r.keeper(r.socket(TCP, "127.0.0.1:8080"), r.socket(TCP, "[::]:8081"), r.socket(TCP, "[::]:8082", v6Only), r.listener("127.0.0.1:8083"),
		r.socket(UDP, "127.0.0.1:8084"), r.socket(TCP, "127.0.0.1:9000"))
	r.keeper(r.connected("127.0.0.1:8085", "127.0.0.1:8083"))
	r.keeper(r.listener("127.0.0.1:8086", reusePort), r.socket(TCP, "127.0.0.1:8086", reusePort))
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	r.start(cmd)
	asked := Namespace{}.unlisted(ports(TCP, 8080, 8089))
	_, s := r.look(Query{Ranges: ports(TCP, 8080, 8089), Bound: true})
	var listed []Socket
	for _, h := range s.Holders {
		if h.State == Unconn {
			h.Cgroup, h.Remote = 0, netip.AddrPort{}
			listed = append(listed, h.Socket)
		}
	}
	slices.SortFunc(asked, compareSockets)
	if diff := cmp.Diff(fmt.Sprintf("%+v", listed), fmt.Sprintf("%+v", asked)); diff != "" || len(asked) != 4 {
		t.Errorf("listed (-) and asked (+):\n%s", diff)
	}
}

// What a hint says about another network namespace is not to be tried in our own.
func TestAHintNamesTheNamespace(t *testing.T) {
	h := Holder{Socket: Socket{Protocol: TCP, Local: netip.MustParseAddrPort("127.0.0.1:8080")}}
	if got, want := h.command("--kill --bound"), "tcptune port 8080 --kill --bound"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	h.Namespace, h.Protocol = "blue", UDP
	if got, want := h.command("--wait free"), "tcptune port udp/8080 --netns blue --wait free"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Nobody has the socket open: each hint is about who may have it all the same.
func TestTheHintForASocketWithoutOwnersIsAboutThatSocket(t *testing.T) {
	at := func(port string, change func(*Holder)) Holder {
		h := Holder{Socket: Socket{Protocol: TCP, Local: netip.MustParseAddrPort("127.0.0.1:" + port)}}
		change(&h)
		return h
	}
	for name, c := range map[string]struct {
		holder Holder
		want   string
	}{
		"NFS":       {at("2049", func(*Holder) {}), "rpc.nfsd 0 ends it"},
		"iSCSI":     {at("3260", func(*Holder) {}), "end the iSCSI target, which is a part of the kernel"},
		"a service": {at("8080", func(h *Holder) { h.Origin = CgroupOf("/system.slice/web.service") }), "it was made in web.service: sudo systemctl stop web.service"},
		"a user's service": {
			at("8080", func(h *Holder) { h.Origin = CgroupOf("/user.slice/user-7.slice/user@7.service/app.slice/web.service") }),
			"it was made in web.service of user 7: systemctl --user stop web.service",
		},
		"a candidate": {at("2049", func(h *Holder) { h.Candidates = []Owner{{Process: Process{Pid: 12}}} }), "tcptune port 2049 --kill --holder 12 ends that one"},
		"hidden":      {at("8080", func(h *Holder) { h.Veiled = true }), ""},
	} {
		if got := wayOut(t.Context(), c.holder, false); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// To end who listens is in vain where another socket keeps the port bound.
func TestAListenerIsNotEndedInVainForAPortThatStaysBound(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	q := Query{Ranges: ports(TCP, 8080, 8080)}
	server := r.keeper(r.listener("127.0.0.1:8080", reusePort))
	bound := r.keeper(r.socket(TCP, "127.0.0.1:8080", reusePort))
	acts, verdict := r.freeOf(q, usual())
	if !server.lives() || !bound.lives() || verdict.Free || len(acts) != 2 || acts[0].Status != report.Refused || acts[1].Status != report.Refused {
		t.Errorf("%+v %+v", acts, verdict)
	}
	q.Bound = true
	if acts, verdict = r.freeOf(q, usual()); len(acts) != 2 || !verdict.Free {
		t.Errorf("with --bound: %+v %+v", acts, verdict)
	}
	// One that lets a server in is in nobody's way.
	q.Bound = false
	r.keeper(r.listener("127.0.0.1:8080", reusePort, reuseAddr))
	bound = r.keeper(r.socket(TCP, "127.0.0.1:8080", reusePort, reuseAddr))
	if acts, verdict = r.freeOf(q, usual()); len(acts) != 1 || !verdict.Free || !bound.lives() {
		t.Errorf("a polite one: %+v %+v", acts, verdict)
	}
}

// Most servers bind a port in TIME-WAIT; a socket that is bound without listening lets none in.
func TestWhatLetsNobodyInIsNamedFirst(t *testing.T) {
	at := func(state State) Holder {
		h := listening(8080)
		h.State = state
		return h
	}
	after := Survey{Rest: []Holder{at(TimeWait), at(Unconn)}}
	reason, _ := inTheWay(t.Context(), Range{TCP, 8080, 8080}, after, unix.EADDRINUSE)
	if !strings.Contains(reason, "bound there without listening") {
		t.Error(reason)
	}
}
