package server

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
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

func TestADrainFinishesWhatIsInFlightAndClosesTheRest(t *testing.T) {
	r := open(t, Config{})
	idle, half, fresh := r.dial(), r.dial(), r.dial()
	idle.ask("hello")
	half.say("half a ")
	r.until("all are served", func(st Stats) bool { return st.Active == 3 && st.BytesIn == 13 })
	done := r.drain(patience)

	idle.ends("")
	half.say("line\n")
	half.ends("echo: half a line\n")
	fresh.say("my first words\n")
	fresh.ends("echo: my first words\n")
	if cut := <-done; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	r.ended(Drained, 3)
	if c, err := net.Dial("tcp", r.addr); err == nil {
		_ = c.Close()
		t.Error("a server that has ended accepts connections")
	}
}

func TestADrainClosesWhoNeverSaysAnything(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes five seconds, which the server waits for")
	}
	r := open(t, Config{})
	silent := r.dial()
	r.until("it is served", func(st Stats) bool { return st.Active == 1 })
	begin := time.Now()
	done := r.drain(patience)
	silent.ends("")
	if took := time.Since(begin); took < freshGrace-time.Second {
		t.Errorf("closed after %v, want about %v", took, freshGrace)
	}
	<-done
	r.ended(Drained, 1)
}

func TestTheDeadlineOfADrainCutsTheRest(t *testing.T) {
	r := open(t, Config{Limits: Limits{MaxConns: 2, Queue: 5}})
	half, fresh := r.dial(), r.dial()
	half.say("half a ")
	r.until("both are served", func(st Stats) bool { return st.Active == 2 && st.BytesIn == 7 })
	waits := r.queue(1, "hello")
	begin := time.Now()
	if cut := r.shutdown(200 * time.Millisecond); cut != 3 {
		t.Errorf("%d were cut, want 3", cut)
	}
	if took := time.Since(begin); took < 200*time.Millisecond || took > patience/2 {
		t.Errorf("it took %v", took)
	}
	half.isCut()
	fresh.isCut()
	waits.isCut()
	r.ended(DrainTimeout, 3)
}

func TestWhoWaitsIsServedDuringADrain(t *testing.T) {
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

func TestASecondShutdownWaitsAndItsDeadlineCounts(t *testing.T) {
	r := open(t, Config{})
	c := r.dial()
	c.say("half a ")
	r.until("it is served", func(st Stats) bool { return st.BytesIn == 7 })
	first := r.drain(time.Hour)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if cut := r.Shutdown(over); cut != 1 {
		t.Errorf("the second one has cut %d, want 1", cut)
	}
	if cut := <-first; cut != 1 {
		t.Errorf("the first one says that %d were cut, want 1", cut)
	}
	c.isCut()
	if cut := r.shutdown(0); cut != 1 {
		t.Errorf("when all is over, %d were cut, want 1", cut)
	}
	if err := r.Serve(listen(t)); err != nil {
		t.Errorf("Serve after the end: %v", err)
	}
}

func TestALongAnswerIsSentToItsEndDuringADrain(t *testing.T) {
	r := open(t, Config{Handler: Frame{Max: 32 << 20}})
	frame := string(AppendFrame(nil, []byte(strings.Repeat("x", 32<<20))))
	c := r.dial()
	go func() { _, _ = io.WriteString(c, frame) }()
	r.until("the answer is being sent", func(Stats) bool { return r.states()["writing"] == 1 })
	done := r.drain(patience)
	c.ends(frame)
	<-done
	r.ended(Drained, 1)
}

// Clients ask as fast as they can when the drain comes. None may see a reset, and none half an answer: each question is
// answered, or the connection has ended before anything of its answer.
func TestADrainUnderLoadResetsNobody(t *testing.T) {
	const clients, rounds = 50, 5
	for range rounds {
		r := open(t, Config{})
		var answers atomic.Int64
		var all sync.WaitGroup
		for range clients {
			c := r.dial()
			all.Go(func() {
				defer c.close()
				for i := 0; ; i++ {
					question := fmt.Sprintf("question %d of %d", i, rand.Uint32())
					if _, err := io.WriteString(c, question+"\n"); err != nil {
						t.Errorf("question %d: %v", i, err)
						return
					}
					answer, err := c.in.ReadString('\n')
					if err == io.EOF && answer == "" && i > 0 {
						return
					}
					if err != nil || answer != "echo: "+question+"\n" {
						t.Errorf("answer %d: %q, %v", i, answer, err)
						return
					}
					answers.Add(1)
				}
			})
		}
		r.until("they are at it", func(Stats) bool { return answers.Load() > 20*clients })
		if cut := <-r.drain(patience); cut != 0 {
			t.Errorf("%d were cut", cut)
		}
		all.Wait()
		r.ended(Drained, clients)
	}
}

// The accept rate keeps clients in the backlog: they are connected, as far as they know.
func TestADrainServesWhoIsInTheBacklogOfASocketThatNobodyElseHas(t *testing.T) {
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

// Many that are idle, and do not close when they are told to: the deadline of the drain is theirs as well. Who lingers does
// so for all of its time in each drain; a machine that stands still for as long does not.
func TestADrainThatIsCutDoesNotLinger(t *testing.T) {
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
	cut := make(chan int, 1)
	go func() { cut <- r.Shutdown(ctx) }()
	for _, c := range all {
		if _, err := c.in.ReadByte(); err != io.EOF {
			t.Errorf("a client hears of the drain by %v", err)
		}
	}
	end()
	if n := <-cut; n != 0 {
		t.Errorf("%d were cut, though nothing was in flight on them", n)
	}
	took := time.Since(begin)
	r.ended(Drained, 100)
	return took
}
