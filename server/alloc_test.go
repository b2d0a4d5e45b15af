package server

import (
	"errors"
	"math"
	"net"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// exchange is one message and its answer, with a client that allocates nothing.
func exchange(tb testing.TB, fd int, question, answer []byte) {
	if n, err := unix.Write(fd, question); n != len(question) || err != nil {
		tb.Fatalf("sent %d bytes: %v", n, err)
	}
	for got := 0; got < len(answer); {
		n, err := unix.Read(fd, answer[got:])
		if errors.Is(err, unix.EINTR) { // signal(7): with SO_RCVTIMEO it is not restarted, and Go's scheduler sends signals
			continue
		}
		if n <= 0 || err != nil {
			tb.Fatalf("got %d bytes: %v", n, err)
		}
		got += n
	}
}

// dialRaw connects with a socket that the runtime does not know.
func dialRaw(tb testing.TB, l *Listener) int {
	tb.Helper()
	port := portOf(tb, l)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port})
	}
	if err == nil {
		err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: int64(patience.Seconds())})
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

func TestAMessageAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool forget at random")
	}
	for name, tt := range map[string]struct {
		h                MessageHandler
		question, answer string
	}{
		"echo":          {echo{}, "hello", "hello"},
		"long echo":     {echo{}, strings.Repeat("x", 4000), strings.Repeat("x", 4000)},
		"line":          {line{100}, "hello\n", "echo: hello\n"},
		"frame":         {frame{100}, "\x00\x00\x00\x05hello", "\x00\x00\x00\x05hello"},
		"many at once":  {line{100}, strings.Repeat("x\n", 500), strings.Repeat("echo: x\n", 500)},
		"with deadline": {echo{}, "hello", "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newListener(t)
			openOn(t, Config{Handler: Messages(tt.h), Limits: DefaultLimits(), Wake: patience}, l)
			fd := dialRaw(t, l)
			question, answer := []byte(tt.question), make([]byte, len(tt.answer))
			// The sweeper and the runtime allocate by the second, and a busy machine needs some for so many messages. What a
			// message allocates, it does each time.
			got := math.Inf(1)
			for try := 0; try < 5 && got > 0.02; try++ {
				got = min(got, allocations(2000, func() { exchange(t, fd, question, answer) }))
			}
			if got > 0.02 {
				t.Errorf("%.3f allocations per message", got)
			}
			if string(answer) != tt.answer {
				t.Errorf("got %q", answer)
			}
		})
	}
}

// allocations is like testing.AllocsPerRun, but on all processors: the server has another one than the client.
func allocations(runs int, f func()) float64 {
	for range 100 {
		f()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(runs)
}

func BenchmarkEcho(b *testing.B) {
	l, err := Listen(b.Context(), "127.0.0.1:0", noKeepAlive())
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Config{Handler: Messages(echo{}), Limits: DefaultLimits(), Engine: engineUnderTest()})
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	fd := dialRaw(b, l)
	question, answer := []byte(strings.Repeat("x", 64)), make([]byte, 64)
	exchange(b, fd, question, answer)
	b.ReportAllocs()
	for b.Loop() {
		exchange(b, fd, question, answer)
	}
	b.StopTimer()
	_ = unix.Shutdown(fd, unix.SHUT_RDWR)
	if err := s.Shutdown(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := <-served; !errors.Is(err, ErrServerClosed) {
		b.Fatal(err)
	}
}

func noKeepAlive() net.KeepAliveConfig { return net.KeepAliveConfig{} }

func newListener(t *testing.T) *Listener {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0", noKeepAlive())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func portOf(tb testing.TB, l *Listener) int {
	tb.Helper()
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		tb.Fatalf("%v is no TCP address", l.Addr())
	}
	return tcp.Port
}
