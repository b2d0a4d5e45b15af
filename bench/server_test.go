package bench

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// serve runs a service that has each connection seen to by handle.
func serve(t *testing.T, handle func(c net.Conn)) Target {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, l, handle)
	return Target{Name: l.Addr().String(), Addr: netip.MustParseAddrPort(l.Addr().String())}
}

func serveOn(t *testing.T, l net.Listener, handle func(c net.Conn)) {
	t.Helper()
	var mu sync.Mutex
	conns := map[net.Conn]bool{}
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		defer mu.Unlock()
		for c := range conns {
			_ = c.Close()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[c] = true
			mu.Unlock()
			go func() {
				defer func() {
					_ = c.Close()
					mu.Lock()
					defer mu.Unlock()
					delete(conns, c)
				}()
				handle(c)
			}()
		}
	}()
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }

// answering reads lines, and answers each with what answer says.
func answering(answer func(line string) string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if _, err := io.WriteString(c, answer(line)); err != nil {
				return
			}
		}
	}
}

// plain is a short closed loop over a few connections.
func plain(to Target) Options {
	return Options{
		Target: to, Protocol: Raw, Size: 64, Conns: 4, Pipeline: 1, Duration: 200 * time.Millisecond, Timeout: 5 * time.Second,
		Path: "/", Host: "localhost",
	}
}

func ctx(t *testing.T) context.Context {
	t.Helper()
	c, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return c
}
