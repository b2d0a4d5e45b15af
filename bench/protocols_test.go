package bench

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

func TestEachProtocolIsSpoken(t *testing.T) {
	t.Parallel()
	frames := func(c net.Conn) { // an echo, in pieces
		buf := make([]byte, 7)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			for i := range n {
				if _, err := c.Write(buf[i : i+1]); err != nil {
					return
				}
			}
		}
	}
	for p, handle := range map[Protocol]func(net.Conn){
		Raw: echo, Talk: echo, Frame: frames, Line: answering(func(line string) string { return strings.ToUpper(line) }),
		Connect: func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		Send:    func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		Receive: func(c net.Conn) { _, _ = io.Copy(c, zeros0{}) },
	} {
		for _, size := range []int{1, 16, 64, 300_000} {
			for _, rate := range []float64{0, 100} {
				o := plain(serve(t, handle))
				o.Protocol, o.Size, o.Rate = p, size, rate
				if p == Receive && rate > 0 || p == Frame && size > 64 {
					continue // it cannot be set; it would take for ever in such pieces
				}
				b, err := Run(ctx(t), o, nil)
				whole(t, fmt.Sprintf("%s, %d bytes, rate %v", p, size, rate), b, err)
				switch {
				case p != Send || size != 300_000 || rate != 0:
				case b.TCP == nil:
					t.Error("the kernel tells nothing of the connections (TCP_INFO)")
				case b.TCP.Delivered < uint64(b.Rate*o.Duration.Seconds())*300_000/2:
					t.Errorf("%d bytes were taken, of %v", b.TCP.Delivered, b.Rate)
				}
			}
		}
	}
}

type zeros0 struct{}

func (zeros0) Read(b []byte) (int, error) { return len(b), nil }

func TestAPipelineIsKeptFull(t *testing.T) {
	t.Parallel()
	o := plain(serve(t, echo))
	o.Pipeline, o.Conns = 16, 300
	b, err := Run(ctx(t), o, nil)
	whole(t, "pipeline", b, err)
}

func TestHTTPAnswersOfEachKind(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/length", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/chunks", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = io.WriteString(w, strings.Repeat("hello", 1000))
			_ = http.NewResponseController(w).Flush()
		}
	})
	mux.HandleFunc("/close", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "hello")
	})
	mux.HandleFunc("/post", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	mux.HandleFunc("/bad", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "hello", http.StatusBadGateway) })
	plainServer, secure := httptest.NewServer(mux), httptest.NewUnstartedServer(mux)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // a connection that is reset
	secure.StartTLS()
	t.Cleanup(plainServer.Close)
	t.Cleanup(secure.Close)
	for _, s := range []*httptest.Server{plainServer, secure} {
		for _, path := range []string{"/length", "/empty", "/chunks", "/close", "/post", "/bad"} {
			addr := s.Listener.Addr().String()
			o := plain(Target{Name: addr, Addr: netip.MustParseAddrPort(addr)})
			o.Protocol, o.Path, o.Host = HTTP, path, addr
			if s == secure {
				o.Target.TLS = &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}} //nolint:gosec // a test
			}
			if path != "/empty" {
				o.Expect = []byte("hello")
			}
			if path == "/post" {
				o.Payload = []byte("{{conn}} hello {{n}}")
			}
			b, err := Run(ctx(t), o, nil)
			if path == "/bad" {
				if !report.Is(err, CodeNoAnswer) || b.Errors["status-5xx"] != b.Requests.Sent {
					t.Errorf("%s: %v, %v", path, err, b.Errors)
				}
				continue
			}
			whole(t, s.URL+path, b, err)
		}
	}
}

func TestTLSWithACertificateThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	addr := s.Listener.Addr().String()
	o := plain(Target{Name: addr, Addr: netip.MustParseAddrPort(addr), TLS: &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12}})
	b, err := Run(ctx(t), o, nil)
	if !report.Is(err, CodeNoConnection) || b.Connections.Failed["tls"] == 0 {
		t.Errorf("%v, %+v", err, b.Connections)
	}
	var e *report.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "x509: ") {
		t.Errorf("the hint of %v does not say why", err)
	}
}

// Messages of any size go through TLS and come back, also where one takes many records.
func TestTLSIsSpokenWithEachProtocol(t *testing.T) {
	t.Parallel()
	cert := httptest.NewTLSServer(nil)
	t.Cleanup(cert.Close)
	config := &tls.Config{Certificates: cert.TLS.Certificates, MinVersion: tls.VersionTLS12}
	l, err := tls.Listen("tcp4", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, l, echo)
	for _, size := range []int{64, 200_000} {
		for _, p := range []Protocol{Raw, Talk} {
			addr := l.Addr().String()
			o := plain(Target{
				Name: addr, Addr: netip.MustParseAddrPort(addr), TLS: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a test
			})
			o.Protocol, o.Size = p, size
			b, err := Run(ctx(t), o, nil)
			whole(t, fmt.Sprintf("%s, %d bytes", p, size), b, err)
		}
	}
}

// TestHandshakesThatStandStillHoldNothingUp has a service that shakes so many hands, closes after each answer, and
// then takes connections without a word: at an interrupt while they are opened, and at the end of a run.
func TestHandshakesThatStandStillHoldNothingUp(t *testing.T) {
	t.Parallel()
	cert := httptest.NewTLSServer(nil)
	t.Cleanup(cert.Close)
	config := &tls.Config{Certificates: cert.TLS.Certificates, MinVersion: tls.VersionTLS12}
	for name, test := range map[string]struct {
		hands  int64
		kind   string
		cancel bool
	}{"interrupt": {2, "interrupted", true}, "end": {4, "connect-timeout", false}} {
		var shaken atomic.Int64
		to := serve(t, func(c net.Conn) {
			if shaken.Add(1) > test.hands {
				_, _ = io.Copy(io.Discard, c)
				return
			}
			buf, secure := make([]byte, 64), tls.Server(c, config)
			if _, err := io.ReadFull(secure, buf); err == nil {
				_, _ = secure.Write(buf)
			}
		})
		to.TLS = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // a test
		o := plain(to)
		o.Duration, o.Timeout = 2*time.Second, 40*time.Second
		c, cancel := contextWithCancel(t)
		if test.cancel {
			time.AfterFunc(700*time.Millisecond, cancel)
		}
		begin := time.Now()
		b, err := Run(c, o, nil)
		if took := time.Since(begin); took > 15*time.Second || (err != nil) != test.cancel {
			t.Errorf("%s: %v after %v", name, err, took)
		}
		if b.Connections.Failed[test.kind] == 0 {
			t.Errorf("%s: %+v", name, b.Connections)
		}
		cancel()
	}
}

func TestAUnixSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, l, echo)
	for _, p := range []Protocol{Raw, Talk, Connect} {
		o := plain(Target{Name: path, Path: path})
		o.Protocol = p
		b, err := Run(ctx(t), o, nil)
		whole(t, string(p), b, err)
	}
}
