package server

import (
	"net/netip"
	"strings"
	"testing"
)

func TestOneAddressCannotHaveAllConnections(t *testing.T) {
	t.Parallel()
	r, dialAs := openElsewhere(t, Config{Limits: Limits{MaxConns: 6, ClientConns: 3}})
	var held []*client
	for range 3 {
		c := dialAs("192.0.2.1")
		c.ask("hello")
		held = append(held, c)
	}
	for range 5 {
		dialAs("192.0.2.1").ends(busy)
	}
	other := dialAs("192.0.2.2")
	other.ask("hello")
	st := r.Stats()
	if st.Refused[ClientConns] != 5 || st.Active != 4 {
		t.Errorf("refused %v, %d active; want 5 for client_conns and 4", st.Refused, st.Active)
	}
	if said := r.log.String(); strings.Count(said, "192.0.2.1") != 1 || !strings.Contains(said, "PROXY protocol") {
		t.Errorf("the log does not say once who has too many, and what helps:\n%s", said)
	}
	held[0].close()
	r.until("it has gone", func(st Stats) bool { return st.Active == 3 })
	dialAs("192.0.2.1").ask("welcome back")
	r.limit(Limits{MaxConns: 6})
	for range 2 {
		dialAs("192.0.2.1").ask("no bound any more")
	}
}

func TestConnectionsThatWaitCountAsThoseOfTheirAddress(t *testing.T) {
	t.Parallel()
	r, dialAs := openElsewhere(t, Config{Limits: Limits{MaxConns: 1, Queue: 10, ClientConns: 2}})
	first := dialAs("2001:db8::1")
	first.ask("hello")
	waits := dialAs("2001:db8::2") // of the same /64
	r.until("it waits", func(st Stats) bool { return st.Queued == 1 })
	dialAs("2001:db8::3").ends(busy)
	dialAs("2001:db8:0:1::1")
	r.until("another client waits", func(st Stats) bool { return st.Queued == 2 })
	first.close()
	waits.ask("hello")
}

func TestClientsOfThisHostMayHaveAnyNumber(t *testing.T) {
	t.Parallel()
	r, dialAs := openElsewhere(t, Config{Limits: Limits{ClientConns: 1}})
	for _, from := range []string{"127.0.0.1", "127.0.0.1", "127.8.0.1", "127.8.0.1", "::1", "::1", "::ffff:127.0.0.1"} {
		dialAs(from).ask("hello")
	}
	if n := r.counted(); n != 0 {
		t.Errorf("%d of them are counted", n)
	}
	for _, from := range []string{"192.0.2.1", "::ffff:192.0.2.1"} {
		c := dialAs(from)
		if from == "192.0.2.1" {
			c.ask("hello")
			continue
		}
		c.ends(busy)
	}
}

func TestTheCountOfAnAddressEndsWithItsConnections(t *testing.T) {
	t.Parallel()
	var c crowd
	c.resize(2)
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for range 1000 {
		for _, client := range []netip.Addr{a, b, {}} {
			if ok, _ := c.enter(client); !ok {
				t.Fatal("refused")
			}
			c.leave(client)
		}
	}
	if len(c.of) != 0 {
		t.Errorf("%d clients are remembered", len(c.of))
	}
}

// counted are the clients whose connections are counted.
func (r *room) counted() int {
	r.crowd.mu.Lock()
	defer r.crowd.mu.Unlock()
	return len(r.crowd.of)
}
