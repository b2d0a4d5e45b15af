package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a test waits for what must come. It decides nothing: no test passes because it ran out.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(exhaustedChild(os.Stdout))
	}
	if engineUnderTest() != Goroutines {
		runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 3))
	}
	goleak.VerifyTestMain(m)
}

// room is a server under test, on a port of the loopback.
type room struct {
	*Server
	t      *testing.T
	config Config
	addr   string
	log    *lockedBuffer
}

// engineUnderTest is what the tests are run with: loops where they can be, and a second time by make test goroutines alone,
// TCPTUNE_TEST_ENGINE=goroutine.
func engineUnderTest() Engine {
	return map[string]Engine{"loop": Loops, "goroutine": Goroutines}[os.Getenv("TCPTUNE_TEST_ENGINE")]
}

// open serves config until the test ends. Then it must come to its end with all counts in balance, see also TestMain.
// What config leaves out is a server of lines with the default limits.
func open(t *testing.T, config Config) *room {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0", net.KeepAliveConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return openOn(t, config, l)
}

func openOn(t *testing.T, config Config, l net.Listener) *room {
	t.Helper()
	log := &lockedBuffer{}
	if config.Handler == nil {
		config.Handler = Messages(line{1 << 10})
	}
	config.Limits = filled(config.Limits)
	if config.Engine == AnyEngine {
		config.Engine = engineUnderTest()
	}
	if config.Wake == 0 {
		config.Wake = 20 * time.Millisecond
	}
	config.Log = slog.New(slog.NewTextHandler(log, nil))
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	r := &room{s, t, config, l.Addr().String(), log}
	t.Cleanup(func() {
		r.shutdown(0)
		if err := <-served; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
		r.balanced()
		if st := r.Stats(); st.Active != 0 || st.Queued != 0 || st.OutputBytes != 0 {
			t.Errorf("after the end %d are active, %d queued, %d bytes of answers held", st.Active, st.Queued, st.OutputBytes)
		}
	})
	return r
}

// limit reloads the server with other limits.
func (r *room) limit(l Limits) {
	r.t.Helper()
	r.config.Limits = filled(l)
	if err := r.Reload(r.config); err != nil {
		r.t.Fatal(err)
	}
}

func filled(l Limits) Limits {
	if l.MaxConns == 0 {
		l.MaxConns = DefaultLimits().MaxConns
	}
	if l.MaxOutput == 0 {
		l.MaxOutput = DefaultLimits().MaxOutput
	}
	return l
}

// shutdown drains the server for at most so long, and then closes it. It returns when all is over.
func (r *room) shutdown(within time.Duration) (cut int) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if err := r.Shutdown(ctx); err != nil {
		if !errors.Is(err, context.DeadlineExceeded) {
			r.t.Errorf("Shutdown: %v", err)
		}
		r.shut()
	}
	return int(r.Stats().Ended[DrainTimeout])
}

// shut closes the server, and returns when all is over.
func (r *room) shut() {
	if err := r.Close(); err != nil {
		r.t.Errorf("Close: %v", err)
	}
	if err := r.Shutdown(context.Background()); err != nil {
		r.t.Errorf("Shutdown after Close: %v", err)
	}
}

// balanced checks that every accepted connection is somewhere, once.
func (r *room) balanced() {
	r.t.Helper()
	st := r.Stats()
	sum := uint64(st.Active + st.Queued)
	for _, n := range st.Refused {
		sum += n
	}
	for _, n := range st.Ended {
		sum += n
	}
	if sum != st.Accepted {
		r.t.Errorf("%d connections were accepted, %d are accounted for: %+v", st.Accepted, sum, st)
	}
}

// until waits for the counters to say so.
func (r *room) until(what string, said func(Stats) bool) Stats {
	r.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		st := r.Stats()
		if said(st) {
			return st
		}
		if time.Now().After(end) {
			r.t.Fatalf("not seen within %v: %s; the counters say %+v", patience, what, st)
		}
	}
}

// ended waits for n connections to have ended for this reason, and checks that none has for another one.
func (r *room) ended(why Reason, n uint64) {
	r.t.Helper()
	st := r.until("connections ended: "+why.String(), func(st Stats) bool { return st.Ended[why]+st.Refused[why] >= n })
	for _, counts := range []map[Reason]uint64{st.Ended, st.Refused} {
		for reason, got := range counts {
			want := uint64(0)
			if reason == why {
				want = n
			}
			if got != want {
				r.t.Errorf("%d connections ended with %v, want %d", got, reason, want)
			}
		}
	}
}

// serves checks that a new client is served.
func (r *room) serves() {
	r.t.Helper()
	c := r.dial()
	c.ask("still there")
	c.close()
}

// client is one connection to a room.
type client struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func (r *room) dial() *client {
	r.t.Helper()
	return r.dialFrom(nil)
}

func (r *room) dialFrom(local net.Addr) *client {
	r.t.Helper()
	c, err := (&net.Dialer{LocalAddr: local, Timeout: patience}).DialContext(r.t.Context(), "tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	return newClient(r.t, c)
}

func newClient(t *testing.T, c net.Conn) *client {
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &client{c, t, bufio.NewReader(c)}
}

func (c *client) say(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatalf("cannot send: %v", err)
	}
}

// hears reads exactly this.
func (c *client) hears(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c.in, got)
	if err != nil || string(got) != want {
		c.t.Fatalf("got %.200q (%v), want %.200q", got[:n], err, want)
	}
}

// ask makes one exchange with a server of lines.
func (c *client) ask(text string) {
	c.t.Helper()
	c.say(text + "\n")
	c.hears("echo: " + text + "\n")
}

// hearsNothing checks that nothing arrives for a while.
func (c *client) hearsNothing(d time.Duration) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(d))
	if b, err := c.in.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("got %q, %v, want nothing", b, err)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
}

// ends reads to the end, which must not be a reset.
func (c *client) ends(want string) {
	c.t.Helper()
	got, err := io.ReadAll(c.in)
	if err != nil || string(got) != want {
		c.t.Fatalf("got %.200q (%v), want %q and then the end", got, err, want)
	}
	c.close()
}

// isCut reads until the connection is closed, in whatever way.
func (c *client) isCut() {
	c.t.Helper()
	if _, err := io.Copy(io.Discard, c.in); errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal("the connection is still open")
	}
	c.close()
}

func (c *client) close() { _ = c.Close() }

// lockedBuffer is a log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
