package portcheck

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// A thread in accept(2) keeps its socket after another one has closed the descriptor: it is named, and ended when
// that is asked for.
func TestASocketThatIsKeptByAcceptHasACandidate(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	p := r.actor("accepter 127.0.0.1:8080", nil)
	other := r.keeper(r.listener("127.0.0.1:8081"))
	q := Query{Ranges: ports(TCP, 8080, 8080)}
	acts, verdict := r.freeOf(q, usual())
	why := fmt.Sprintf("in accept(2), as one of exe (pid %d) does", p.pid())
	if !strings.Contains(acts[0].Reason, why) || !p.lives() || verdict.Free {
		t.Errorf("unnamed: %+v %+v", acts, verdict)
	}
	order := usual()
	order.Named, order.Grace = []int{p.pid()}, time.Second
	if acts, verdict = r.freeOf(q, order); len(acts) != 1 || acts[0].Status != report.Applied || !verdict.Free {
		t.Errorf("named: %+v %+v", acts, verdict)
	}
	p.kill(t) // a signal to that very thread ends its accept(2), and then it has let go
	if !other.lives() {
		t.Error("a bystander was hit")
	}
}

// Who closes the descriptor after the signal and waits in accept(2) has not let go: SIGKILL follows.
func TestWhoClosesButWaitsInAcceptIsKilled(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	p := r.actor("accepter 127.0.0.1:8080 term", nil)
	order := usual()
	order.Grace = time.Second
	acts, verdict := r.freeOf(Query{Ranges: ports(TCP, 8080, 8080)}, order)
	if !verdict.Free || !strings.HasPrefix(acts[0].Reason, "ended by SIGKILL") {
		t.Errorf("%+v %+v", acts, verdict)
	}
	p.awaitEnd(t)
}
