package admin

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tcptune/tcptune/server"
	"github.com/tcptune/tcptune/server/pool"
)

// hello answers each arrival with the very bytes.
type hello struct{}

func (hello) Handle(_, in []byte) (server.Step, error) {
	return server.Step{Out: in, Consumed: len(in), Messages: 1}, nil
}

// serving is a server with one connection that was answered once, and its admin pages.
func serving(t *testing.T) (s *server.Server, pages http.Handler) {
	t.Helper()
	s, err := server.New(server.Config{
		Handler: server.Messages(hello{}), Limits: server.DefaultLimits(),
		Wake: 10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := server.Listen(t.Context(), "127.0.0.1:0", net.KeepAliveConfig{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		_ = s.Close()
		if err := <-done; !errors.Is(err, server.ErrServerClosed) {
			t.Error(err)
		}
	})
	if _, err := io.WriteString(c, "hi\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, len("hi\n"))); err != nil {
		t.Fatal(err)
	}
	// The client may have the answer before the server has counted it.
	for end := time.Now().Add(time.Minute); s.Stats().Latency.Count == 0 || s.Stats().BytesOut == 0; {
		if time.Now().After(end) {
			t.Fatal("the answer was not counted")
		}
		time.Sleep(time.Millisecond)
	}
	p, err := pool.New([]string{"127.0.0.1:1"}, pool.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return s, source(s, p).Handler()
}

func source(s *server.Server, p *pool.Pool) Source {
	return Source{Server: s, Pool: p, Protocol: "line", Version: "1", Started: time.Now(), Stuck: time.Hour}
}

func page(pages http.Handler, path string) (status int, body string) {
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestMetricsTellWhatTheServerDid(t *testing.T) {
	_, pages := serving(t)
	status, body := page(pages, "/metrics")
	if status != http.StatusOK {
		t.Fatal(status)
	}
	for _, line := range []string{
		"tcptune_server_accepted_total 1", "tcptune_server_active_connections 1", "tcptune_server_messages_total 1",
		"tcptune_server_received_bytes_total 3", "tcptune_server_sent_bytes_total 3",
		`tcptune_server_refused_total{reason="queue_full"} 0`,
		`tcptune_server_ended_total{reason="idle_timeout"} 0`, "tcptune_server_message_seconds_count 1",
		`tcptune_server_info{protocol="line",version="1"} 1`,
		`tcptune_server_upstream_open_connections{upstream="127.0.0.1:1"} 0`,
		`tcptune_server_upstream_retired_total{reason="idle",upstream="127.0.0.1:1"} 0`, "go_goroutines ",
		`tcptune_server_scheduling_seconds_bucket{le="1e-06"} `, `tcptune_server_gc_pause_seconds_bucket{le="1.048576"} `,
		"process_open_fds ",
	} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("no line %q", line)
		}
	}
}

func TestMetricsFollowTheRulesOfPrometheus(t *testing.T) {
	s, _ := serving(t)
	p, err := pool.New([]string{"127.0.0.1:1"}, pool.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, c := range []prometheus.Collector{newServerCollector(Source{Server: s}), newPoolCollector(p), newRuntimeCollector()} {
		problems, err := testutil.CollectAndLint(c)
		if err != nil || len(problems) > 0 {
			t.Errorf("%v %v", problems, err)
		}
	}
}

func TestReadyUntilItDrains(t *testing.T) {
	s, pages := serving(t)
	for _, path := range []string{"/readyz", "/healthz"} {
		if status, body := page(pages, path); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _ := page(pages, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz while it drains: %d", status)
	}
	if status, _ := page(pages, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz while it drains: %d", status)
	}
}

func TestNotReadyWhenTheAcceptLoopsStandStill(t *testing.T) {
	s, _ := serving(t)
	if status, _ := page(Source{Server: s, Stuck: -1}.Handler(), "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", status)
	}
}

func TestStatusIsJSON(t *testing.T) {
	_, pages := serving(t)
	_, body := page(pages, "/statusz")
	var got Status
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Protocol != "line" || got.Active != 1 || got.Accepted != 1 || got.Messages != 1 || got.Refused == nil {
		t.Errorf("%+v", got)
	}
}

func TestConnectionsAreListed(t *testing.T) {
	_, pages := serving(t)
	for _, path := range []string{"/debug/connz", "/debug/connz?n=1&sort=bytes"} {
		if status, body := page(pages, path); status != http.StatusOK || strings.Count(body, "127.0.0.1:") != 1 ||
			!strings.Contains(body, "waiting") {
			t.Errorf("%s: %d\n%s", path, status, body)
		}
	}
	if status, _ := page(pages, "/debug/connz?n=many"); status != http.StatusBadRequest {
		t.Errorf("n=many: %d", status)
	}
}

func TestProfilesAreThere(t *testing.T) {
	_, pages := serving(t)
	if status, body := page(pages, "/debug/pprof/goroutine?debug=1"); status != http.StatusOK || !strings.Contains(body,
		"goroutine profile") {
		t.Errorf("%d %s", status, body)
	}
}

func TestOtherUsersOfTheHostSeeNoProfilesAndNoClients(t *testing.T) {
	s, _ := serving(t)
	pages := source(s, nil).LocalHandler()
	ask := func(host, path string) int {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		return w.Code
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/statusz"} {
		if got := ask("127.0.0.1:9180", path); got != http.StatusOK {
			t.Errorf("%s: %d", path, got)
		}
	}
	for _, path := range []string{
		"/debug/connz", "/debug/pprof/", "/debug/pprof/profile", "/debug/pprof/heap", "/debug/pprof/cmdline",
		"//debug/pprof/heap", "/metrics/../debug/pprof/heap",
	} {
		if got := ask("127.0.0.1:9180", path); got != http.StatusNotFound && got != http.StatusTemporaryRedirect &&
			got != http.StatusMovedPermanently {
			t.Errorf("%s: %d", path, got)
		}
	}
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:9180": 200, "localhost.:9180": 200, "127.0.0.1": 200, "127.8.9.1:1": 200, "[::1]:9180": 200,
		"[::1]": 200, "::1": 200,
		"evil.example:9180": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421, "192.0.2.1:9180": 421,
		"": 421, "[::]:9180": 421, "0.0.0.0:9180": 421,
	} {
		if got := ask(host, "/metrics"); got != want {
			t.Errorf("Host %q: %d, want %d", host, got, want)
		}
	}
}
