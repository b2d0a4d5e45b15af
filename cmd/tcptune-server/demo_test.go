package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/server"
)

// serving has a server serve connections with h until the test ends.
func serving(t *testing.T, h server.StreamHandler) (*server.Server, net.Addr) {
	t.Helper()
	s, err := server.New(server.Config{Handler: h})
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-ended; !errors.Is(err, server.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, l.Addr()
}

func TestTheDemoAnswers(t *testing.T) {
	t.Parallel()
	_, at := serving(t, server.NewHTTP(demo(100), server.DefaultLimits()))
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/", "", 200, "tcptune-server\n"},
		{"GET", "/healthz", "", 200, "ok\n"},
		{"GET", "/api/data", "", 200, `"ok":true`},
		{"POST", "/api/data", "12345", 200, `"bytes":5`},
		{"POST", "/api/data", strings.Repeat("x", 100), 200, `"bytes":100`},
		{"POST", "/api/data", strings.Repeat("x", 101), 413, "too long"},
		{"GET", "/nothing", "", 404, ""},
		{"PUT", "/api/data", "", 405, ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+at.String()+tt.path,
			strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		a, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(a.Body)
		_ = a.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		body := string(text)
		if a.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.path, a.StatusCode, body, tt.status, tt.want)
		}
	}
}
