package server

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// drain begins to drain, and returns when connections were told.
func (r *room) drain(within time.Duration) (cut <-chan int) {
	r.t.Helper()
	done := make(chan int, 1)
	go func() { done <- r.shutdown(within) }()
	r.until("the server drains", func(st Stats) bool { return st.Draining })
	return done
}

func TestADrainAnswersEachOnceMore(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	idle, half, fresh := r.dial(), r.dial(), r.dial()
	idle.ask("hello")
	half.say("half a ")
	r.until("all are served", func(st Stats) bool { return st.Active == 3 && st.BytesIn == 13 })
	done := r.drain(patience)

	idle.say("hello again\n")
	idle.ends("echo: hello again\n")
	half.say("line\n")
	half.ends("echo: half a line\n")
	fresh.say("my first words\n")
	fresh.ends("echo: my first words\n")
	if cut := <-done; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	r.ended(Drained, 3)
	// A child of another test has the socket too, until it runs its program.
	for until := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			break
		}
		_ = c.Close()
		if time.Now().After(until) {
			t.Fatal("a server that has ended accepts connections")
		}
	}
}

func TestADrainClosesWhoNeverSaysAnything(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes five seconds, which the server waits for")
	}
	r := open(t, Config{})
	silent, idle := r.dial(), r.dial()
	idle.ask("hello")
	r.until("both are served", func(st Stats) bool { return st.Active == 2 })
	begin := time.Now()
	done := r.drain(time.Hour)
	silent.ends("")
	idle.ends("")
	if took := time.Since(begin); took < idleGrace-time.Second {
		t.Errorf("closed after %v, want about %v", took, idleGrace)
	}
	<-done
	r.ended(Drained, 2)
}

func TestHalfOfTheTimeOfADrainIsForThoseWhoSayNothing(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	idle := r.dial()
	idle.ask("hello")
	if cut := r.shutdown(time.Second); cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	idle.ends("")
	r.ended(Drained, 1)
}

func TestTheDeadlineOfADrainCutsTheRest(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{MaxConns: 2, Queue: 5}})
	half, other := r.dial(), r.dial()
	half.say("half a ")
	other.say("half a ")
	r.until("both are served", func(st Stats) bool { return st.Active == 2 && st.BytesIn == 14 })
	waits := r.queue(1, "hello")
	begin := time.Now()
	if cut := r.shutdown(200 * time.Millisecond); cut != 3 {
		t.Errorf("%d were cut, want 3", cut)
	}
	if took := time.Since(begin); took < 200*time.Millisecond || took > patience/2 {
		t.Errorf("it took %v", took)
	}
	half.isCut()
	other.isCut()
	waits.isCut()
	r.ended(DrainTimeout, 3)
}

func TestWhoWaitsIsServedDuringADrain(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{MaxConns: 1, Queue: 5}})
	served := r.dial()
	served.say("half a ")
	r.until("it is served", func(st Stats) bool { return st.BytesIn == 7 })
	first, second := r.queue(1, "first"), r.queue(2, "second")
	done := r.drain(patience)
	served.say("line\n")
	served.ends("echo: half a line\n")
	first.ends("echo: first\n")
	second.ends("echo: second\n")
	if cut := <-done; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	r.ended(Drained, 3)
}

func TestAShutdownWhoseContextEndsCutsNobody(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	c := r.dial()
	c.say("half a ")
	r.until("it is served", func(st Stats) bool { return st.BytesIn == 7 })
	first := r.drain(time.Hour)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Shutdown(over); !errors.Is(err, context.Canceled) {
		t.Errorf("the second one returns %v, want the error of its context", err)
	}
	c.say("line\n")
	c.ends("echo: half a line\n")
	if cut := <-first; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	if err := r.Shutdown(over); err != nil {
		t.Errorf("when all is over: %v", err)
	}
}

func TestCloseEndsADrainAndAllWhoWaitForIt(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	c := r.dial()
	c.say("half a ")
	r.until("it is served", func(st Stats) bool { return st.BytesIn == 7 })
	first, second := r.drain(time.Hour), r.drain(time.Hour)
	var all sync.WaitGroup
	for range 3 {
		all.Go(r.shut)
	}
	all.Wait()
	c.isCut()
	for _, cut := range []int{<-first, <-second} {
		if cut != 1 {
			t.Errorf("%d were cut, want 1", cut)
		}
	}
}

func TestCloseWaitsForNobody(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	r := open(t, Config{Handler: streamFunc(func(_ context.Context, _ net.Conn) error {
		close(begun)
		<-goOn
		return nil
	})})
	c := r.dial()
	<-begun
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	c.isCut()
	if st := r.Stats(); st.Active != 1 {
		t.Errorf("%d handlers run, want the one that waits", st.Active)
	}
	close(goOn)
	r.shut()
	r.ended(DrainTimeout, 1)
}

func TestAServerThatHasEndedServesNobody(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*Server) error{
		"Shutdown": func(s *Server) error { return s.Shutdown(t.Context()) },
		"Close":    (*Server).Close,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(Config{Handler: Messages(echo{}), Limits: DefaultLimits(), Engine: engineUnderTest()})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := end(s); err != nil {
					t.Errorf("%s before Serve: %v", name, err)
				}
				l := listen(t)
				if err := s.Serve(l); !errors.Is(err, ErrServerClosed) {
					t.Errorf("Serve returns %v, want ErrServerClosed", err)
				}
				if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("its listener is still open: %v", err)
				}
			}
			if err := s.Shutdown(t.Context()); err != nil {
				t.Errorf("Shutdown in the end: %v", err)
			}
		})
	}
}

func TestALongAnswerIsSentToItsEndDuringADrain(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Handler: Messages(frame{8 << 20})})
	frame := framed(strings.Repeat("x", 8<<20))
	c := r.dial()
	if err := c.Conn.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil { // or the kernel takes all of it
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(c, frame) }()
	r.until("the answer is being sent", func(Stats) bool { return r.states()["writing"] == 1 })
	done := r.drain(patience)
	c.hears(frame)
	c.say(framed("hello"))
	c.ends(framed("hello"))
	<-done
	r.ended(Drained, 1)
}

// The accept rate keeps clients in the backlog: they are connected, as far as they know.
func TestADrainServesWhoIsInTheBacklogOfASocketThatNobodyElseHas(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{AcceptRate: 0.001, AcceptBurst: 1}})
	r.serves()
	var all []*client
	for range 20 {
		c := r.dial()
		c.say("hello\n")
		all = append(all, c)
	}
	done := r.drain(patience)
	for _, c := range all {
		c.ends("echo: hello\n")
	}
	if cut := <-done; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	r.until("all have ended", func(st Stats) bool { return st.Ended[Drained]+st.Ended[ClientClosed] == 21 })
}

func TestADrainLeavesTheListeningSocketToOthers(t *testing.T) {
	t.Parallel()
	l := listen(t) // as systemd holds it
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var last *client
	for range 3 {
		own, err := FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		r := openOn(t, Config{}, own)
		if last != nil { // came when the server before had drained
			last.hears("echo: hello\n")
			last.close()
		}
		r.serves()
		r.shutdown(patience)
		last = r.dial()
		last.say("hello\n")
	}
}

// Many that are idle, and do not close when they are told to: the deadline of the drain is theirs as well. A server
// that lingers does so for all of its time in each drain; a machine that stands still for as long does not.
func TestADrainThatIsCutDoesNotLinger(t *testing.T) {
	t.Parallel()
	var took time.Duration
	for range 10 {
		if took = cutWhileAllLinger(t); took < lingerTime {
			return
		}
	}
	t.Errorf("it took %v, and as long each time before", took)
}

// cutWhileAllLinger cuts a drain when each client has heard of it, and returns how long all of it took.
func cutWhileAllLinger(t *testing.T) time.Duration {
	t.Helper()
	r := open(t, Config{})
	var all []*client
	for range 100 {
		c := r.dial()
		c.ask("hello")
		all = append(all, c)
	}
	r.until("all are served", func(st Stats) bool { return st.Active == 100 })
	ctx, end := context.WithCancel(t.Context())
	defer end()
	begin := time.Now()
	shut := make(chan error, 1)
	go func() { shut <- r.Shutdown(ctx) }()
	r.until("the server drains", func(st Stats) bool { return st.Draining })
	for _, c := range all {
		c.ask("hello again")
		if _, err := c.in.ReadByte(); err != io.EOF {
			t.Errorf("a client hears of the drain by %v", err)
		}
	}
	end()
	if err := <-shut; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v", err)
	}
	r.shut()
	took := time.Since(begin)
	r.ended(Drained, 100) // none was cut: nothing was in flight on them
	return took
}
