package portcheck

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// The table of an io_uring is as good as that of a process: its fdinfo names the socket.
func TestASocketInAnIOUringHasAnOwner(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	var params [120]byte // struct io_uring_params
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		t.Skip("the kernel gives no io_uring: ", errno)
	}
	r.must(unix.Close(int(fd)))
	p := r.actor("ring 127.0.0.1:8080", nil)
	bystander := r.actor("ring 127.0.0.1:8081", nil)
	_, s := r.look(Query{Ranges: ports(TCP, 8080, 8080)})
	if got := owners(s); len(got) != 1 || got[0] != p.pid() || !strings.Contains(s.Holders[0].Reason, "io_uring") {
		t.Errorf("owners %v: %+v", got, s.Holders)
	}
	acts, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	if len(acts) != 1 || acts[0].Status != report.Applied || !verdicts[0].Free || !bystander.lives() {
		t.Errorf("%+v %+v", acts, verdicts)
	}
}

// Which Unix socket carries a socket the kernel does not tell: who may is named, and ended when that is asked for.
func TestASocketOnItsWayHasCandidates(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	p := r.actor("afloat 127.0.0.1:8080", nil)
	other := r.actor("afloat 127.0.0.1:8081", nil)
	idle := r.keeper(r.listener("127.0.0.1:8082"))
	q := Query{Ranges: ports(TCP, 8080, 8080)}
	acts, verdict := r.freeOf(q, usual())
	for _, c := range []proc{p, other} {
		if !strings.Contains(acts[0].Reason, fmt.Sprintf("(pid %d)", c.pid())) || !c.lives() {
			t.Errorf("candidate %d: %s", c.pid(), acts[0].Reason)
		}
	}
	if acts[0].Status != report.Refused || verdict.Free || !strings.Contains(verdict.Hint, fmt.Sprintf("--kill --holder %d", p.pid())) {
		t.Errorf("unnamed: %+v %+v", acts, verdict)
	}

	order := usual()
	order.Named = []int{idle.pid()}
	v, s := r.look(q)
	if _, _, err := v.Plan(r.Context(), &s, order); err == nil || !strings.Contains(err.Error(), "is no candidate") {
		t.Errorf("who is no candidate: %v", err)
	}
	order.Named = []int{p.pid()}
	if acts, verdict = r.freeOf(q, order); len(acts) != 1 || acts[0].Status != report.Applied || !verdict.Free {
		t.Errorf("named: %+v %+v", acts, verdict)
	}
	p.awaitEnd(t)
	if !other.lives() || !idle.lives() {
		t.Error("a bystander was hit")
	}
}
