package pool_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/server/pool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is an upstream on loopback. Each connection is served by serve, and closed when that returns.
type server struct {
	t        testing.TB
	listener net.Listener
	serve    func(net.Conn)
	running  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
	most  int // connections at the same time
	total int
}

func listen(t testing.TB, serve func(net.Conn)) *server {
	t.Helper()
	s := &server{t: t, serve: serve, conns: make(map[net.Conn]bool)}
	// Clients of loopback come from 127.0.0.1, so that none takes the port of a server that is stopped and started again.
	s.start("127.0.0.8:0")
	t.Cleanup(s.stop)
	return s
}

func (s *server) start(address string) {
	s.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.listener = l
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = true
			s.most = max(s.most, len(s.conns))
			s.total++
			s.mu.Unlock()
			s.running.Go(func() {
				s.serve(c)
				_ = c.Close()
				s.mu.Lock()
				delete(s.conns, c)
				s.mu.Unlock()
			})
		}
	})
}

func (s *server) stop() {
	_ = s.listener.Close()
	s.hangUp()
	s.running.Wait()
}

// hangUp closes all connections.
func (s *server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

func (s *server) address() string { return s.listener.Addr().String() }

func (s *server) seen() (now, most, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns), s.most, s.total
}

// echo answers each frame with itself.
func echo(c net.Conn) {
	for {
		p, err := readFrame(c)
		if err != nil {
			return
		}
		if _, err := c.Write(frame(p)); err != nil {
			return
		}
	}
}

func frame(p string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(p))), p...)
}

func readFrame(r io.Reader) (string, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return "", err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > 1<<20 {
		return "", errors.New("a frame that is too large")
	}
	p := make([]byte, n)
	_, err := io.ReadFull(r, p)
	return string(p), err
}

// ask sends one frame through the pool and returns the one that comes back.
func ask(ctx context.Context, p *pool.Pool, request string) (string, error) {
	var answer string
	err := p.Do(ctx, func(c *pool.Conn) error {
		if _, err := c.Write(frame(request)); err != nil {
			return err
		}
		var err error
		answer, err = readFrame(c)
		return err
	})
	return answer, err
}

func mustAsk(t testing.TB, p *pool.Pool, request string) {
	t.Helper()
	if got, err := ask(t.Context(), p, request); err != nil || got != request {
		t.Fatalf("got %q, %v; want %q", got, err, request)
	}
}

func newPool(t testing.TB, config pool.Config, addresses ...string) *pool.Pool {
	t.Helper()
	p, err := pool.New(addresses, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// run looks after the pool until the test ends.
func run(t testing.TB, p *pool.Pool) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

func stats(p *pool.Pool) pool.UpstreamStats { return p.Stats()[0] }

// eventually waits for what other processes or the kernel do in their own time.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 20 s in vain until %s", what)
		}
	}
}

// pipes is an upstream without sockets, for tests in which time is made up (testing/synctest). What it does can change.
type pipes struct {
	serve   atomic.Pointer[func(net.Conn)] // nil: connections are refused
	running sync.WaitGroup
}

var errPipe = errors.New("no pipe to it")

func (s *pipes) set(serve func(net.Conn)) {
	if serve == nil {
		s.serve.Store(nil)
		return
	}
	s.serve.Store(&serve)
}

func (s *pipes) dial(context.Context, string) (net.Conn, error) {
	serve := s.serve.Load()
	if serve == nil {
		return nil, errPipe
	}
	ours, theirs := net.Pipe()
	s.running.Go(func() {
		(*serve)(theirs)
		_ = theirs.Close()
	})
	return ours, nil
}

// withPipes runs a test with an upstream of pipes, in a time that passes only while everybody waits.
func withPipes(t *testing.T, serve func(net.Conn), config pool.Config, test func(*testing.T, *pool.Pool, *pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var s pipes
		s.set(serve)
		config.Dial = s.dial
		p := newPool(t, config, "pipe")
		test(t, p, &s)
		p.Close()
		s.running.Wait()
	})
}

// dialing notes the first connection that it makes.
func dialing(first **net.TCPConn) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if *first == nil && err == nil {
			*first = c.(*net.TCPConn)
		}
		return c, err
	}
}

// events are those of poll(2) that have happened on c.
func events(t *testing.T, c *net.TCPConn) (happened int16) {
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		_, _ = unix.Poll(fds, 0)
		happened = fds[0].Revents
	})
	return happened
}
