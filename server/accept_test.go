package server

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// listener is one whose Accept says what the test wants, and then what the real one says.
type listener struct {
	net.Listener
	mu     sync.Mutex
	errors []error
}

func (l *listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	if len(l.errors) > 0 {
		defer l.mu.Unlock()
		err := l.errors[0]
		l.errors = l.errors[1:]
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: err}
	}
	l.mu.Unlock()
	return l.Listener.Accept()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestErrorsOfAcceptPass(t *testing.T) {
	t.Parallel()
	for name, errno := range map[string]unix.Errno{
		"EMFILE": unix.EMFILE, "ENFILE": unix.ENFILE, "ENOBUFS": unix.ENOBUFS, "ENOMEM": unix.ENOMEM,
		"ECONNABORTED": unix.ECONNABORTED, "EPROTO": unix.EPROTO, "EPERM": unix.EPERM,
	} {
		t.Run(name, func(t *testing.T) {
			l := &listener{Listener: listen(t)}
			for range 3 {
				l.errors = append(l.errors, unixError(errno))
			}
			begin := time.Now()
			r := openOn(t, Config{}, l)
			r.serves()
			if took := time.Since(begin); took < 7*shortestPause { // 1 + 2 + 4
				t.Errorf("three errors took %v: no pause between", took)
			}
			if got := r.Stats().AcceptErrors; got != 3 {
				t.Errorf("%d errors were counted, want 3", got)
			}
			for _, line := range []string{"cannot accept connections", "accepting connections again"} {
				if n := strings.Count(r.log.String(), line); n != 1 {
					t.Errorf("the log has %q %d times, want once:\n%s", line, n, r.log)
				}
			}
		})
	}
}

func unixError(errno unix.Errno) error { return errno }

func TestAServerAtItsLimitDoesNotFillTheLog(t *testing.T) {
	t.Parallel()
	l := &listener{Listener: listen(t)}
	r := openOn(t, Config{}, l)
	for range 5 { // one goes, one comes: it fails and works again and again
		l.mu.Lock()
		l.errors = append(l.errors, unixError(unix.EMFILE))
		l.mu.Unlock()
		r.serves()
	}
	if n := strings.Count(r.log.String(), "cannot accept connections"); n != 1 {
		t.Errorf("it was logged %d times, want once a minute:\n%s", n, r.log)
	}
}

func TestAnErrorThatDoesNotPassEndsServe(t *testing.T) {
	t.Parallel()
	l := listen(t)
	s, err := New(Config{Handler: Messages(echo{}), Limits: DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Serve(&listener{Listener: l, errors: []error{unixError(unix.EBADF)}})
	if !errors.Is(err, unix.EBADF) || !strings.HasPrefix(err.Error(), "cannot accept connections on 127.0.0.1:") {
		t.Errorf("got %v", err)
	}
	if s.Advancing(0) {
		t.Error("a loop that has failed advances")
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// undated is a listener without deadlines, as those are that package net's are wrapped in.
type undated struct{ net.Listener }

func TestAnyListenerIsServedAndDrained(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(net.Listener) net.Listener{
		"of package net":    func(l net.Listener) net.Listener { return l },
		"without deadlines": func(l net.Listener) net.Listener { return undated{l} },
	} {
		t.Run(name, func(t *testing.T) {
			r := openOn(t, Config{}, wrap(listen(t)))
			r.serves()
			if cut := r.shutdown(patience); cut != 0 {
				t.Errorf("%d were cut", cut)
			}
		})
	}
}

func TestAListenerThatIsClosedIsForgotten(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	r.serves() // so that its own loop runs
	extra, err := Listen(t.Context(), "127.0.0.1:0", net.KeepAliveConfig{})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- r.Serve(extra) }()
	(&room{Server: r.Server, t: t, addr: extra.Addr().String()}).serves()
	_ = extra.Close()
	if err := <-served; !errors.Is(err, net.ErrClosed) || errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve returns %v, want that the listener was closed", err)
	}
	if !r.Advancing(10 * time.Second) {
		t.Error("the server does not advance")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.loops) != 1 {
		t.Errorf("%d loops are known, want 1", len(r.loops))
	}
}
