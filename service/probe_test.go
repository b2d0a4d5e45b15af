package service

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// serve answers connections on a loopback port, which it returns, until the test ends.
func serve(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				answer(c)
			}()
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func echoes(c net.Conn) { _, _ = io.Copy(c, c) }

func lines(c net.Conn) {
	text, err := bufio.NewReader(c).ReadString('\n')
	if err == nil {
		_, _ = fmt.Fprintf(c, "echo: %s", text)
	}
}

func health(status string) func(net.Conn) {
	return func(c net.Conn) {
		if request, err := http.ReadRequest(bufio.NewReader(c)); err == nil && request.URL.Path == "/healthz" {
			_, _ = fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status)
		}
	}
}

func TestProbeAsksInTheProtocol(t *testing.T) {
	t.Parallel()
	hangUp := func(net.Conn) {}
	for name, tc := range map[string]struct {
		protocol string
		answer   func(net.Conn)
		err      string
	}{
		"echo":                        {"echo", echoes, ""},
		"echo that answers as line":   {"echo", func(c net.Conn) { _, _ = c.Write([]byte("echo: ")) }, `it answers "echo: "`},
		"echo that hangs up":          {"echo", hangUp, "closes the connection"},
		"line":                        {"line", lines, ""},
		"line that echoes":            {"line", echoes, `it answers "tcptune`},
		"frame":                       {"frame", echoes, ""},
		"frame that answers nonsense": {"frame", func(c net.Conn) { _, _ = c.Write([]byte(strings.Repeat("x", 100))) }, `it answers "xxx`},
		"http":                        {"http", health("200 OK"), ""},
		"http that is not well":       {"http", health("503 Service Unavailable"), "503"},
		"discard takes a connection":  {"discard", hangUp, ""},
		"relay takes a connection":    {"relay", hangUp, ""},
	} {
		t.Run(name, func(t *testing.T) {
			port := serve(t, tc.answer)
			s := Spec{Name: "s", Listen: []string{port}, Protocol: tc.protocol}
			seen, err := s.Probe(t.Context())
			if tc.err == "" && (err != nil || !strings.HasSuffix(seen, " on 127.0.0.1:"+port)) {
				t.Errorf("%q, %v", seen, err)
			}
			if tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err) || !strings.HasPrefix(err.Error(), "cannot get an answer on 127.0.0.1:"+port)) {
				t.Errorf("error is %v, want %q", err, tc.err)
			}
		})
	}
}

// Where systemd listens a connection is taken by the kernel, also for a program that never looks at its socket.
func TestProbeDoesNotSayThatAProgramOfWhichNothingIsKnownTakesConnections(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // and nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	seen, err := Spec{Name: "s", Listen: []string{port}, Exec: []string{"/bin/sleep"}}.Probe(t.Context())
	if want := "was started, and its socket is open on 127.0.0.1:" + port; seen != want || err != nil {
		t.Errorf("got %q, %v, want %q", seen, err, want)
	}
}

func TestProbeOfAClosedPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.10:0") // where no other test listens: it stays closed
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	s := Spec{Name: "s", Listen: []string{address}, Exec: []string{"/bin/x"}}
	if _, err := s.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error is %v", err)
	}
}

func TestWhereToReachWhatListens(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"8080": "127.0.0.1:8080", "0.0.0.0:8080": "127.0.0.1:8080", "[::]:8080": "[::1]:8080", "10.0.0.1:80": "10.0.0.1:80", "[::1]:80": "[::1]:80",
	} {
		if got, err := dialable(listen); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v; want %s", listen, got, err, want)
		}
	}
}

func TestTheProbeOfAServerThatExpectsAProxyIsOne(t *testing.T) {
	t.Parallel()
	behindProxy := func(c net.Conn) {
		header := make([]byte, len(localHeader))
		if _, err := io.ReadFull(c, header); err == nil && string(header) == localHeader {
			echoes(c)
		}
	}
	for from, answers := range map[string]bool{"10.0.0.0/8,127.0.0.0/8": true, "10.0.0.0/8": false} {
		s := echo()
		s.Listen, s.Limits = []string{"127.0.0.1:" + serve(t, behindProxy)}, []Limit{{"proxy-from", from}}
		if _, err := s.Probe(t.Context()); (err == nil) != answers {
			t.Errorf("from %s: %v", from, err)
		}
	}
}
