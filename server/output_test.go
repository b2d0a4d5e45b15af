package server

import (
	"crypto/tls"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// steady waits until the server reads no more from anybody: the same at each look for a while. The looks are counted,
// since time passes also where the machine stands still.
func (r *room) steady() Stats {
	r.t.Helper()
	last, same := r.Stats(), 0
	return r.until("nothing is read any more", func(st Stats) bool {
		if st.BytesIn != last.BytesIn || st.BytesOut != last.BytesOut {
			last, same = st, 0
		}
		same++
		return st.BytesIn > 0 && same > 250 // 2 ms each, at least
	})
}

// watchOutput checks all the time that no more is held than may be.
func (r *room) watchOutput(most int64) (stop func()) {
	over := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Millisecond):
			}
			if used := r.Stats().OutputBytes; used > most {
				r.t.Errorf("%d bytes of answers are held, more than %d", used, most)
				return
			}
		}
	})
	return func() { close(over); watching.Wait() }
}

func TestSlowReadersAreHeldBackAndOthersGoOn(t *testing.T) {
	t.Parallel()
	config := Config{Handler: Messages(echo{}), Limits: Limits{MaxOutput: 1 << 20}}
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		r := open(t, config)
		slowReadersAreHeldBack(t, r, r.deaf, r.dial)
	})
	t.Run("TLS", func(t *testing.T) {
		t.Parallel()
		config, trust := secure(t, config)
		r := open(t, config)
		over := func(c *client) *client { return newClient(t, tls.Client(c.Conn, trust)) }
		slowReadersAreHeldBack(t, r, func() *client { return over(r.deaf()) }, func() *client { return over(r.dial()) })
	})
}

func slowReadersAreHeldBack(t *testing.T, r *room, dialDeaf, dial func() *client) {
	t.Helper()
	const slow, most = 40, 1 << 20 // 32 KiB each: all together need more than there is
	stop := r.watchOutput(most)
	var deaf []*client
	for range slow {
		c := dialDeaf()
		c.floods(strings.Repeat("x", 64<<10))
		deaf = append(deaf, c)
	}
	st := r.steady()
	if st.OutputBytes < most-32<<10 || st.OutputWaits == 0 {
		t.Errorf("%d of %d bytes are held and %d had to wait, want nearly all and some", st.OutputBytes, most, st.OutputWaits)
	}
	if states := r.states(); states["writing"]+states["held"] != slow || states["held"] == 0 {
		t.Errorf("connections are %v, want %d writing or held", states, slow)
	}
	before := r.Stats().BytesIn
	fast := dial()
	for range 1000 {
		fast.say("hello")
		fast.hears("hello")
	}
	if grown := r.Stats().BytesIn - before; grown != 5000 {
		t.Errorf("%d bytes were read, want the 5000 of the fast client only", grown)
	}
	for _, c := range deaf {
		c.close()
	}
	r.until("all is released", func(st Stats) bool { return st.OutputBytes == 0 && st.Active == 1 })
	fast.say("still there")
	fast.hears("still there")
	stop()
}

func TestSlowReadersThatStartToReadGetEverything(t *testing.T) {
	t.Parallel()
	const slow, size, most = 4, 16 << 20, 64 << 10 // two at a time, and two wait
	r := open(t, Config{Handler: Messages(echo{}), Limits: Limits{MaxOutput: most}})
	stop := r.watchOutput(most)
	message := strings.Repeat("0123456789abcdef", size/16)
	var deaf []*client
	for range slow {
		c := r.dial()
		go func() { _, _ = io.WriteString(c, message) }()
		deaf = append(deaf, c)
	}
	r.until("all are held back", func(Stats) bool { s := r.states(); return s["writing"] == 2 && s["held"] == 2 })
	var all sync.WaitGroup
	for _, c := range deaf {
		all.Go(func() { c.hears(message) })
	}
	all.Wait()
	stop()
	st := r.until("all is released", func(st Stats) bool { return st.OutputBytes == 0 })
	if st.BytesIn != slow*size || st.BytesOut != slow*size {
		t.Errorf("%d bytes came and %d went, want %d", st.BytesIn, st.BytesOut, slow*size)
	}
}

func TestBeyondAllMemoryASlowReaderIsClosed(t *testing.T) {
	t.Parallel()
	const slow, most = 12, 64 << 10 // two have it, two may wait
	r := open(t, Config{Handler: Messages(echo{}), Limits: Limits{MaxOutput: most}})
	stop := r.watchOutput(most)
	for range slow {
		r.deaf().floods(strings.Repeat("x", 64<<10))
	}
	r.ended(OutputFull, slow-4)
	fast := r.dial()
	for range 100 {
		fast.say("hello")
		fast.hears("hello")
	}
	stop()
}

func TestLessMemoryHoldsForTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, lessMemory)
}

func lessMemory(t *testing.T) {
	var o output
	o.max.Store(100)
	never := func() bool { return false }
	a, _ := o.reserve(80, never)
	o.max.Store(50)
	got := make(chan int64, 1)
	go func() {
		n, _ := o.reserve(70, never)
		got <- n
	}()
	synctest.Wait()
	select {
	case n := <-got:
		t.Fatalf("%d more bytes were given away", n)
	default:
	}
	o.release(a)
	if n := <-got; n != 50 || o.used.Load() != 50 {
		t.Errorf("reserved %d, used %d; want all of 50", n, o.used.Load())
	}
	if n, why := o.reserve(1, func() bool { return true }); why != Broken || n != 0 {
		t.Errorf("one that was cut got %d, %v", n, why)
	}
}
