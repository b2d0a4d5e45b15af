package bench

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// A service that refuses, closes, resets, lies, stalls or half-closes: each is counted as a kind of its own, every request
// that was sent is answered or failed, and nothing hangs.
func TestEachWayInWhichAServiceFailsHasItsKind(t *testing.T) {
	t.Parallel()
	readThen := func(then func(c net.Conn, asked []byte)) func(net.Conn) {
		return func(c net.Conn) {
			asked := make([]byte, 64)
			if _, err := io.ReadFull(c, asked); err == nil {
				then(c, asked)
			}
		}
	}
	silent := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for kind, handle := range map[string]func(net.Conn){
		"closed": readThen(func(net.Conn, []byte) {}),
		"reset": readThen(func(c net.Conn, _ []byte) {
			_ = c.(*net.TCPConn).SetLinger(0)
		}),
		"wrong-answer":          readThen(func(c net.Conn, _ []byte) { _, _ = c.Write(make([]byte, 64)); silent(c) }),
		"wrong-answer, at last": readThen(func(c net.Conn, asked []byte) { asked[63]++; _, _ = c.Write(asked); silent(c) }),
		"timeout":               silent,
		"timeout in the middle": readThen(func(c net.Conn, asked []byte) { _, _ = c.Write(asked[:63]); silent(c) }),
		"closed, half":          readThen(func(c net.Conn, _ []byte) { _ = c.(*net.TCPConn).CloseWrite(); silent(c) }),
		"closed in the middle":  readThen(func(c net.Conn, asked []byte) { _, _ = c.Write(asked[:32]) }),
	} {
		for _, rate := range []float64{0, 200} {
			o := plain(serve(t, handle))
			o.Rate, o.Timeout = rate, 300*time.Millisecond
			b, err := Run(ctx(t), o, nil)
			want, _, _ := strings.Cut(strings.ReplaceAll(kind, " in", ","), ",")
			if !report.Is(err, CodeNoAnswer) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, rate %v: %v", kind, rate, err)
			}
			if b.Requests.Answered != 0 || b.Requests.Sent == 0 || b.Requests.Sent != b.Requests.Failed || b.Errors[want] == 0 {
				t.Errorf("%s, rate %v: %+v, %v", kind, rate, b.Requests, b.Errors)
			}
		}
	}
}

// However many connections a service that dies takes along, and however fast it refuses, it is asked again at a rate
// that a service can bear.
func TestAServiceThatIsDownIsNotFlooded(t *testing.T) {
	t.Parallel()
	o := Options{Protocol: Raw, Size: 64, Conns: 20_000, Pipeline: 1, Workers: 1, Duration: time.Second}
	o.Timeout = time.Second
	w, err := newWorker(&o, 0, nil, new(atomic.Bool))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.close() }()
	for i := range o.Conns {
		w.retry(i, time.Second)
	}
	for last := time.Duration(0); !w.later.empty(); w.later.pop() {
		due := w.later.first().due
		if due < time.Second+again || due < last+apart {
			t.Fatalf("asked again at %v, the one before at %v", due, last)
		}
		last = due
	}
	if w.retry(0, time.Minute); w.later.first().due != time.Minute+again {
		t.Errorf("one that is alone is asked again at %v", w.later.first().due)
	}
}

// Of many connections a sweep looks at a part, so that it does not hold up the others, and ten of them look at each.
func TestASweepLooksAtAPartOfManyConnections(t *testing.T) {
	t.Parallel()
	o := Options{Protocol: Raw, Size: 64, Conns: 100_003, Pipeline: 1, Workers: 1, Duration: time.Second}
	o.Timeout = time.Second
	w, err := newWorker(&o, 0, nil, new(atomic.Bool))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.close() }()
	for i := range w.conns {
		w.conns[i].state = connecting
	}
	for sweep := 1; sweep <= sweeps+1; sweep++ {
		w.sweep(2 * time.Second)
		if failed := int(w.refusals[connectTimedOut]); failed != min(sweep*(o.Conns/sweeps), o.Conns) {
			t.Fatalf("after %d sweeps %d were given up", sweep, failed)
		}
	}
}

// A part of an answer and the end of the connection often come with one event, which is said once: the end is seen all the same, and at
// once.
func TestAnEndThatComesWithDataIsSeen(t *testing.T) {
	t.Parallel()
	o := plain(serve(t, func(c net.Conn) {
		buf := make([]byte, 64)
		if _, err := io.ReadFull(c, buf); err == nil {
			_, _ = c.Write(buf[:32])
		}
	}))
	o.Conns, o.Count, o.Duration = 100, 100, time.Minute
	b, err := Run(ctx(t), o, nil)
	if !report.Is(err, CodeNoAnswer) || b.Errors["closed"] != 100 {
		t.Errorf("%v, %v", err, b.Errors)
	}
}

// A service that says more than it was asked for loses its connection, and a promise of no errors does not hold, though every
// request was answered.
func TestWhatNobodyHasAskedForIsAnError(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for name, service := range map[string]struct {
		protocol Protocol
		handle   func(net.Conn)
	}{
		"an answer twice":      {Line, answering(func(line string) string { return line + line })},
		"more than its length": {HTTP, answering(func(line string) string { return map[bool]string{true: ok + "more"}[line == "\r\n"] })},
		"a byte":               {Raw, func(c net.Conn) { buf := make([]byte, 65); n, _ := c.Read(buf[:64]); _, _ = c.Write(buf[:n+1]) }},
	} {
		o := plain(serve(t, service.handle))
		o.Protocol = service.protocol
		b, err := Run(ctx(t), o, nil)
		if err != nil || b.Requests.Answered == 0 || b.Requests.Failed != 0 || b.Connections.LostIdle["wrong-answer"] == 0 {
			t.Errorf("%s: %v, %+v, %+v, %v", name, err, b.Requests, b.Connections, b.Errors)
		}
		p, err := ParsePromise("errors==0")
		if err != nil || p.Judge(b).Held {
			t.Errorf("%s: %v, no errors: it holds", name, err)
		}
	}
}

func TestAServiceThatSendsNothingHasSentNothing(t *testing.T) {
	t.Parallel()
	o := plain(serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }))
	o.Protocol = Receive
	if _, err := Run(ctx(t), o, nil); !report.Is(err, CodeNoAnswer) || !strings.Contains(err.Error(), "has sent nothing") {
		t.Error(err)
	}
}

// Half of the answers are wrong, or the half of the connections is cut: the rest is measured.
func TestWhatIsAnsweredBetweenFailuresCounts(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	o := plain(serve(t, func(c net.Conn) {
		for buf := make([]byte, 64); ; {
			if _, err := io.ReadFull(c, buf); err != nil {
				return
			}
			if n.Add(1)%10 == 0 {
				return
			}
			if _, err := c.Write(buf); err != nil {
				return
			}
		}
	}))
	o.Duration = time.Second
	b, err := Run(ctx(t), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := b.Requests
	if r.Answered == 0 || r.Failed == 0 || r.Sent != r.Answered+r.Failed || b.Errors["closed"] != r.Failed ||
		b.Connections.Lost != int(r.Failed) || b.Connections.Opened <= o.Conns {
		t.Errorf("%+v, %v, %+v", r, b.Errors, b.Connections)
	}
}

func TestAServiceThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.12:0") // where no other test listens: it stays closed
	if err != nil {
		t.Fatal(err)
	}
	gone := netip.MustParseAddrPort(l.Addr().String())
	_ = l.Close()
	for _, to := range []Target{{Name: "tcp", Addr: gone}, {Name: "unix", Path: t.TempDir() + "/none.sock"}} {
		for _, p := range []Protocol{Raw, Connect, Talk, HTTP} {
			o := plain(to)
			o.Protocol = p
			b, err := Run(ctx(t), o, nil)
			var e *report.Error
			if !errors.As(err, &e) || e.Code != CodeNoConnection && e.Code != CodeNoAnswer {
				t.Errorf("%s %s: %v", to.Name, p, err)
			}
			if b.Requests.Sent != b.Requests.Answered+b.Requests.Failed || b.Requests.Answered > 0 {
				t.Errorf("%s %s: %+v", to.Name, p, b.Requests)
			}
		}
	}
}

// An interrupt ends a test at once, with what was measured.
func TestAnInterruptEndsTheTest(t *testing.T) {
	t.Parallel()
	c, cancel := contextWithCancel(t)
	o := plain(serve(t, echo))
	o.Duration = time.Hour
	told := make(chan Now, 100)
	go func() {
		for n := range told {
			if n.Answered > 0 {
				cancel()
			}
		}
	}()
	b, err := Run(c, o, func(n Now) { told <- n })
	close(told)
	if err == nil || b.Requests.Answered == 0 {
		t.Errorf("%v, %+v", err, b.Requests)
	}
}
