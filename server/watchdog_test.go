package server

import (
	"errors"
	"net"
	"testing"
	"time"
)

// advances checks for five periods that the accept loops come by. They may miss one where the machine stood still.
func (r *room) advances() {
	r.t.Helper()
	const periods, period = 5, 500 * time.Millisecond // with a Wake of 20 ms
	missed := 0
	for range periods * 4 {
		if !r.Advancing(period) {
			missed++
			r.until("the accept loops come by", func(Stats) bool { return r.Advancing(period) })
		}
		time.Sleep(period / 4)
	}
	if missed > 3 { // a loop that comes by too seldom misses one for each four that it does not
		r.t.Errorf("the accept loops stood still %d times of %d", missed, periods*4)
	}
}

func TestAnIdleServerAdvances(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	r.serves()
	r.advances()
	r.serves()
}

func TestAFullServerAdvances(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{MaxConns: 1, Queue: 1, AcceptRate: 0.001, AcceptBurst: 2}})
	r.full(1)
	r.queue(1, "hello")
	r.advances()
}

// hanging is a listener whose Accept comes back only when it is closed.
type hanging struct {
	net.Listener
	closed chan struct{}
}

func (h *hanging) SetDeadline(time.Time) error { return nil }

func (h *hanging) Accept() (net.Conn, error) {
	<-h.closed
	return nil, net.ErrClosed
}

func (h *hanging) Close() error {
	select {
	case <-h.closed:
	default:
		close(h.closed)
	}
	return h.Listener.Close()
}

func TestAStoppedLoopDoesNotAdvance(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	l := &hanging{listen(t), make(chan struct{})}
	served := make(chan error)
	go func() { served <- r.Serve(l) }()
	r.serves() // by the other loop, which is well
	r.until("the stopped loop does not advance", func(Stats) bool { return !r.Advancing(100 * time.Millisecond) })
	// It is also no reason to wait forever at the end.
	r.shutdown(50 * time.Millisecond)
	if err := <-served; !errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
}

func TestADrainingServerAdvances(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	c := r.dial()
	c.say("half a ")
	r.until("the server has it", func(st Stats) bool { return st.BytesIn == 7 })
	go r.shutdown(patience)
	r.until("it drains", func(st Stats) bool { return st.Draining })
	if !r.Advancing(0) {
		t.Error("a server that drains does not advance")
	}
	c.say("line\n")
	c.ends("echo: half a line\n")
}

func TestAServerWithoutListenersDoesNotAdvance(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Handler: Messages(echo{}), Limits: DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	if s.Advancing(time.Hour) {
		t.Error("it advances")
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}
