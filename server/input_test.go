package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"
)

// nobodys is a connection of a client that is only in the accounts.
func nobodys(client string) *conn {
	socket, other := net.Pipe()
	_ = other.Close()
	return &conn{Conn: socket, socket: socket, from: netip.MustParseAddr(client)}
}

func TestTheClientThatHoldsTheMostGivesWay(t *testing.T) {
	t.Parallel()
	var i input
	i.resize(100)
	var flood []*conn
	for range 10 {
		c := nobodys("192.0.2.1")
		flood = append(flood, c)
		if !i.hold(c, 10) {
			t.Fatal("there is room, and it is refused")
		}
	}
	if i.hold(nobodys("192.0.2.1"), 10) {
		t.Error("the client that holds everything got more")
	}
	honest := nobodys("192.0.2.2")
	if !i.hold(honest, 25) {
		t.Error("a client that holds less was refused")
	}
	cut := 0
	for _, c := range flood {
		if Reason(c.cutFor.Load()) == InputFull {
			cut++
		}
	}
	if cut != 3 || i.held() != 95 {
		t.Errorf("%d connections were cut and %d bytes are held, want 3 and 95", cut, i.held())
	}
	for range 5 { // more than its share takes from nobody
		if i.hold(nobodys("192.0.2.3"), 200) {
			t.Error("a client got more than all others have, from them")
		}
	}
	if honest.wasCut() {
		t.Error("the honest client was cut")
	}
	for _, c := range append(flood, honest) {
		i.hold(c, 0)
	}
	if i.held() != 0 || len(i.of) != 0 || len(i.order) != 0 {
		t.Errorf("at the end %d bytes are held by %d clients", i.held(), len(i.of))
	}
}

func TestAConnectionThatGaveWayHoldsNothingAnyMore(t *testing.T) {
	t.Parallel()
	var i input
	i.resize(10)
	c := nobodys("192.0.2.1")
	i.hold(c, 10)
	if !i.hold(nobodys("192.0.2.2"), 5) || !c.wasCut() {
		t.Fatal("it has not given way")
	}
	if i.hold(c, 1) || i.held() != 5 {
		t.Errorf("it got memory again: %d are held, want 5", i.held())
	}
}

// elsewhere is a listener whose clients seem to come from addresses of their own, one after the other.
type elsewhere struct {
	net.Listener
	from chan string
}

type addressed struct {
	net.Conn
	remote net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }

func (e *elsewhere) Accept() (net.Conn, error) {
	c, err := e.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return addressed{c, &net.TCPAddr{IP: net.ParseIP(<-e.from), Port: 1}}, nil
}

// openElsewhere is open, for clients that dialAs gives an address.
func openElsewhere(t *testing.T, config Config) (r *room, dialAs func(ip string) *client) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &elsewhere{inner, make(chan string, 1)}
	r = openOn(t, config, l)
	return r, func(ip string) *client {
		l.from <- ip
		return r.dial()
	}
}

func TestHalvesOfMessagesOfOneAddressCostNoOtherClient(t *testing.T) {
	t.Parallel()
	const most, hostile, size = 4 << 20, 40, 1 << 20
	half := framed(strings.Repeat("x", size))[:size]
	relays := streamFunc(func(_ context.Context, c net.Conn) error { // a stream that says what it holds
		p, _ := c.(Progress)
		all, b := 0, make([]byte, 64<<10)
		for {
			n, err := c.Read(b)
			if all += n; err != nil {
				return err
			}
			if err := p.Holding(all); err != nil {
				return err
			}
			if n < 100 {
				if _, err := c.Write(b[:n]); err != nil {
					return err
				}
				all = 0
				_ = p.Holding(0)
			}
		}
	})
	for name, h := range map[string]StreamHandler{"messages": Messages(frame{size}), "stream": relays} {
		t.Run(name, func(t *testing.T) {
			r, dialAs := openElsewhere(t, Config{Handler: h, Limits: Limits{MaxInput: most}})
			for range hostile {
				c := dialAs("192.0.2.1")
				go func() { _, _ = io.WriteString(c, half) }()
			}
			st := r.until("most of them were closed", func(st Stats) bool {
				if st.InputBytes > most {
					t.Fatalf("%d bytes are held, at most %d may be", st.InputBytes, most)
				}
				return st.Ended[InputFull] >= hostile-5 && st.InputBytes > most/2
			})
			honest := dialAs("192.0.2.2")
			for range 50 {
				message := framed("hello")
				honest.say(message)
				honest.hears(message)
			}
			if name == "messages" {
				long := framed(strings.Repeat("y", size/2))
				honest.say(long[:size/4])
				r.until("the honest half is there", func(st Stats) bool { return st.BytesIn >= size/4 })
				honest.say(long[size/4:])
				honest.hears(long)
			}
			t.Logf("held %d, ended %v", st.InputBytes, st.Ended)
		})
	}
}

func TestHeadersWithoutAnEndAreBounded(t *testing.T) {
	t.Parallel()
	limits := filled(Limits{MaxInput: 1 << 20})
	r, dialAs := openElsewhere(t, Config{Handler: NewHTTP(http.HandlerFunc(ok), limits), Limits: limits})
	for range 40 {
		c := dialAs("192.0.2.1")
		c.say("GET / HTTP/1.1\r\nHost: test\r\nX-Long: " + strings.Repeat("x", 40<<10))
	}
	r.until("most of them were closed", func(st Stats) bool {
		if st.InputBytes > 1<<20 {
			t.Fatalf("%d bytes are held", st.InputBytes)
		}
		return st.Ended[InputFull] >= 20
	})
	honest := dialAs("192.0.2.2")
	for range 3 {
		honest.say("GET / HTTP/1.1\r\nHost: test\r\nX-Long: " + strings.Repeat("y", 30<<10) + "\r\n\r\n")
		if a, _ := honest.response(nil); a.StatusCode != 200 {
			t.Errorf("%d", a.StatusCode)
		}
	}
}

func TestMemoryOfUnfinishedMessagesIsWhatTheCounterSays(t *testing.T) {
	const most, hostile, size = 8 << 20, 64, 1 << 20
	r := open(t, Config{Handler: Messages(frame{size}), Limits: Limits{MaxInput: most}})
	half := framed(strings.Repeat("x", size))[:size]
	for range hostile {
		c := r.dial()
		go func() { _, _ = io.WriteString(c, half) }()
	}
	r.until("the rest was closed", func(st Stats) bool { return st.Ended[InputFull] >= hostile-most/size })
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // buffers in pools survive one
	runtime.ReadMemStats(&m)
	t.Logf("%d KiB of heap are in use", m.HeapInuse>>10)
	if m.HeapInuse > 4*most {
		t.Errorf("%d bytes of heap are in use, for a bound of %d", m.HeapInuse, most)
	}
}
