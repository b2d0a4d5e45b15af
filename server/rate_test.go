package server

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

func TestAboveTheAcceptRateClientsWaitAndNoneIsRefused(t *testing.T) {
	t.Parallel()
	const perSecond, burst, clients = 100, 5, 40
	r := open(t, Config{Limits: Limits{AcceptRate: perSecond, AcceptBurst: burst}})
	begin := time.Now()
	var all sync.WaitGroup
	for range clients {
		c := r.dial() // the kernel has accepted it
		all.Go(func() { c.ask("hello") })
	}
	all.Wait()
	// One more than the burst: the loop holds a token while nobody comes.
	if took, least := time.Since(begin), (clients-burst-1)*time.Second/perSecond; took < least*9/10 {
		t.Errorf("%d clients were accepted within %v, want at least %v", clients, took, least)
	}
	st := r.Stats()
	if st.Accepted != clients || st.Delayed == 0 {
		t.Errorf("accepted %d and paused %d times, want %d and some", st.Accepted, st.Delayed, clients)
	}
	r.serves()
}

func TestAnIdleServerUsesUpNoAcceptRate(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Wake: time.Millisecond, Limits: Limits{AcceptRate: 0.01, AcceptBurst: 4}})
	r.until("it accepts", func(Stats) bool { return len(r.acceptors()) == 1 })
	var stamp int64
	for range 100 {
		r.until("the loop comes by", func(Stats) bool {
			former := stamp
			stamp = r.acceptors()[0].stamp.Load()
			return stamp != former
		})
	}
	for range 3 {
		r.serves()
	}
	if st := r.Stats(); st.Delayed != 0 {
		t.Errorf("the loop has paused %d times", st.Delayed)
	}
}

func TestANewAcceptRateHoldsAtOnce(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{AcceptRate: 0.001, AcceptBurst: 1}})
	r.serves()
	waits := r.dial()
	waits.say("hello\n")
	waits.hearsNothing(50 * time.Millisecond)
	r.limit(Limits{})
	waits.hears("echo: hello\n")
}

func TestAReloadDoesNotFillTheBucketAgain(t *testing.T) {
	t.Parallel()
	limits := filled(Limits{AcceptRate: 0.001, AcceptBurst: 1})
	r := open(t, Config{Limits: limits})
	r.serves()
	r.limit(limits)
	waits := r.dial()
	waits.say("hello\n")
	waits.hearsNothing(100 * time.Millisecond)
}

func TestAClientAboveItsRateIsRefusedAndOthersAreNot(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{ClientRate: 0.001, ClientBurst: 3}})
	for range 3 {
		r.serves()
	}
	for range 2 {
		r.dial().ends(busy)
	}
	other := r.dialFrom(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)})
	other.ask("hello")
	if got := r.Stats().Refused[ClientRate]; got != 2 {
		t.Errorf("%d were refused, want 2", got)
	}
}

func TestClientsAreBoundedAndAFullTableIsNoWayAround(t *testing.T) {
	t.Parallel()
	var c clients
	c.resize(0.001, 1)
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	begin := time.Now()
	allowed := 0
	for i := range mostClients + 10_000 {
		if c.allow(address(i)) {
			allowed++
		}
	}
	if len(c.of) > mostClients {
		t.Errorf("%d clients are remembered, want at most %d", len(c.of), mostClients)
	}
	if allowed != mostClients+1 { // those that had no place share one bucket
		t.Errorf("%d were allowed, want %d", allowed, mostClients+1)
	}
	if c.allow(address(0)) {
		t.Error("a client that was remembered is so no more")
	}
	t.Logf("%d clients in %v", mostClients+10_000, time.Since(begin))
}

func TestAClientIsAnIPv4AddressOrAnIPv6Network(t *testing.T) {
	t.Parallel()
	same := func(a, b string) bool {
		x, _ := clientOf(&net.TCPAddr{IP: net.ParseIP(a)})
		y, _ := clientOf(&net.TCPAddr{IP: net.ParseIP(b)})
		return x == y
	}
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8::ffff:0:0:1", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
	} {
		if got := same(tt.a, tt.b); got != tt.same {
			t.Errorf("%s and %s are one client: %v, want %v", tt.a, tt.b, got, tt.same)
		}
	}
	if _, ok := clientOf(&net.UnixAddr{}); ok {
		t.Error("a client on a Unix socket has an address")
	}
}

func TestAFloodOfConnectionsThatCloseAtOnce(t *testing.T) {
	t.Parallel()
	const perWorker, workers = 400, 8
	r := open(t, Config{Limits: Limits{MaxConns: 50, Queue: 10}})
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			for range perWorker {
				c, err := net.Dial("tcp", r.addr)
				if err != nil {
					t.Error(err)
					return
				}
				if i%2 == 0 {
					_ = c.(*net.TCPConn).SetLinger(0) // with a reset
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
	st := r.until("all have come and gone", func(st Stats) bool {
		return st.Accepted+st.AcceptErrors == perWorker*workers && st.Active == 0 && st.Queued == 0
	})
	r.balanced()
	t.Logf("ended %v, refused %v", st.Ended, st.Refused)
	r.serves()
}
