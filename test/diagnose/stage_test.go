// Package diagnosetest makes situations on purpose, in network namespaces with an emulated path between them, and looks
// whether diagnose names what limits there.
package diagnosetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tcptune/tcptune/diagnose"
	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/prove/path"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == path.Command {
		if err := path.Carry(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if text := os.Getenv(beingProgram); text != "" {
		if err := runProgram(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
}

// stage is a path with a service at its server, which is what is looked at.
type stage struct {
	t      testing.TB
	ctx    context.Context
	path   *path.Path
	at     *path.End // where one looks from
	owners []diagnose.Owner
	advice []rules.Advice // that is to be taken

	received, tried, quick atomic.Int64
	closed                 []io.Closer
	mu                     sync.Mutex
	ending                 bool
	wg                     sync.WaitGroup
}

const port = 8080

func newStage(t testing.TB, s path.Shape) *stage {
	t.Helper()
	p, err := path.New(s)
	if err != nil {
		t.Fatal(err)
	}
	st := &stage{t: t, ctx: t.Context(), path: p, at: p.Server}
	t.Cleanup(func() {
		st.end()
		_, _ = p.Close()
	})
	return st
}

// end closes what is open and waits for all that works with it.
func (s *stage) end() {
	s.mu.Lock()
	s.ending = true
	for _, c := range s.closed {
		_ = c.Close()
	}
	s.closed = nil
	s.mu.Unlock()
	s.wg.Wait()
	s.mu.Lock()
	s.ending = false
	s.mu.Unlock()
}

// keep has c closed at the end.
func (s *stage) keep(c io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		_ = c.Close()
		return
	}
	s.closed = append(s.closed, c)
}

func (s *stage) work(f func()) {
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		f()
	}()
}

// set writes keys of both ends.
func (s *stage) set(values ...string) {
	s.t.Helper()
	for _, end := range []*path.End{s.path.Client, s.path.Server} {
		s.setAt(end, values...)
	}
}

func (s *stage) setAt(end *path.End, values ...string) {
	s.t.Helper()
	err := end.Do(func() error {
		for _, v := range values {
			key, value, _ := strings.Cut(v, " = ")
			if err := (host.Host{}).WriteKnob(key, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// serve listens at the port of the server and has each connection served.
func (s *stage) serve(each func(c *net.TCPConn)) {
	s.t.Helper()
	l, err := s.path.Server.Listen(port)
	if err != nil {
		s.t.Fatal(err)
	}
	s.keep(l)
	s.work(func() {
		for {
			c, err := l.AcceptTCP()
			if err != nil {
				return
			}
			s.keep(c)
			s.work(func() { each(c) })
		}
	})
}

// connect opens connections from the client and uses each.
func (s *stage) connect(n int, each func(c *net.TCPConn)) {
	s.t.Helper()
	for range n {
		c, err := s.path.Client.Dial(s.ctx, s.path.Server, port)
		if err != nil {
			s.t.Fatal(err)
		}
		s.keep(c)
		s.work(func() { each(c) })
	}
}

// send writes for ever, and read reads for ever.
func send(c *net.TCPConn) {
	for b := make([]byte, 256<<10); ; {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

func (s *stage) read(c *net.TCPConn) {
	for b := make([]byte, 256<<10); ; {
		n, err := c.Read(b)
		s.received.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// readSlowly takes so many bytes a second.
func (s *stage) readSlowly(rate int) func(c *net.TCPConn) {
	return func(c *net.TCPConn) {
		every := 50 * time.Millisecond
		for b := make([]byte, rate/int(time.Second/every)); ; {
			n, err := io.ReadFull(c, b)
			s.received.Add(int64(n))
			if err != nil {
				return
			}
			time.Sleep(every) // the situation: a program that is busy with something else
		}
	}
}

// sendNowAndThen sends some bytes, works, and sends some more.
func sendNowAndThen(size int, pause time.Duration) func(c *net.TCPConn) {
	return func(c *net.TCPConn) {
		for b := make([]byte, size); ; {
			if _, err := c.Write(b); err != nil {
				return
			}
			time.Sleep(pause)
		}
	}
}

// look runs diagnose at the end that is looked from, and again, for longer, where the machine was too busy for the looks
// that show what is only seen at them.
func (s *stage) look(lasts time.Duration) diagnose.Result {
	s.t.Helper()
	r := s.lookFor(lasts)
	for longer := time.Duration(2); r.Looks <= rules.FewLooks && longer <= 8; longer *= 2 {
		r = s.lookFor(longer * lasts)
	}
	return r
}

func (s *stage) lookFor(lasts time.Duration) diagnose.Result {
	s.t.Helper()
	r, err := diagnose.Run(s.ctx, host.Host{}, diagnose.Options{
		For: lasts, Within: s.at.Do,
		Owners: func(context.Context) ([]diagnose.Owner, error) { return s.owners, nil },
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		s.t.Fatal(err)
	}
	return r
}

func named(found []rules.Finding, certainties ...string) (ids []string) {
	for _, f := range found {
		if slices.Contains(certainties, f.Certainty) {
			ids = append(ids, f.Rule)
		}
	}
	return ids
}

func show(r diagnose.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v, %d looks, %d sockets, %d sending, program %.0f %%\n", r.Lasted, r.Looks, r.Sockets, r.Sending, 100*r.ProgramShare)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %s %s %s %.2f: %s | %v\n", f.Certainty, f.Rule, f.Target, f.Weight, f.Evidence, f.Advice)
	}
	for _, u := range r.Unjudged {
		fmt.Fprintf(&b, "  ? %s %s: %s\n", u.Rule, u.Target, u.Why)
	}
	return b.String()
}
