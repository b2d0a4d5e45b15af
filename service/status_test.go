package service

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

func TestStateOfAPair(t *testing.T) {
	t.Parallel()
	unit := func(active string) host.Unit { return host.Unit{Load: "loaded", Active: active} }
	for name, tc := range map[string]struct {
		sockets front
		service host.Unit
		want    string
	}{
		"serves":                     {front{unit("active")}, unit("active"), StateActive},
		"waits for its first client": {front{unit("active")}, unit("inactive"), StateActive},
		"starts":                     {front{unit("active")}, unit("activating"), StateActive},
		"service failed":             {front{unit("active")}, unit("failed"), StateFailed},
		"socket failed":              {front{unit("failed")}, unit("inactive"), StateFailed},
		"socket closed":              {front{unit("inactive")}, unit("active"), StateInactive},
		"one of two socket failed":   {front{unit("active"), unit("failed")}, unit("active"), StateFailed},
		"one of two socket closed":   {front{unit("inactive"), unit("active")}, unit("active"), StateInactive},
		"unknown":                    {front{host.Unit{Load: "not-found", Active: "inactive"}}, unit("active"), StateMissing},
	} {
		if got := stateOf(tc.sockets, tc.service); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestExposureIsReadFromTheLastLine(t *testing.T) {
	t.Parallel()
	got, err := parseExposure("✓ PrivateNetwork= …\n\n→ Overall exposure level for tcptune-server.service: 0.2 SAFE 😀\n")
	if err != nil || *got != 0.2 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := parseExposure("Unit x.service not found.\n"); err == nil {
		t.Error("no error")
	}
}

func TestCountersComeFromTheAdminSocket(t *testing.T) {
	answer, status := `{"protocol":"echo","active":3,"accepted":9,"refused":{"full":2},"something_new":1,"uptime_seconds":7}`, 200
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/statusz" {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	defer s.Close()
	t.Setenv("http_proxy", "http://192.0.2.1:1") // of no concern
	admin := netip.MustParseAddrPort(s.Listener.Addr().String())
	got, err := counters(t.Context(), admin)
	want := &report.Server{Protocol: "echo", Active: 3, Accepted: 9, Refused: map[string]uint64{"full": 2}, Uptime: 7}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	answer = "<html>"
	if _, err := counters(t.Context(), admin); err == nil || !strings.Contains(err.Error(), "what is no status") {
		t.Errorf("error is %v", err)
	}
	status = http.StatusInternalServerError
	if _, err := counters(t.Context(), admin); err == nil || !strings.Contains(err.Error(), "500") {
		t.Errorf("error is %v", err)
	}
	s.Close()
	if _, err := counters(t.Context(), admin); err == nil || !strings.Contains(err.Error(), "does not answer: connect: connection refused") {
		t.Errorf("error is %v", err)
	}
}

func TestResidentMemory(t *testing.T) {
	t.Parallel()
	h := image(t, map[string]string{"/proc/7/status": "Name:\tx\nVmRSS:\t    2048 kB\nThreads:\t1\n"})
	if got := residentMemory(h, 7); got != 2<<20 {
		t.Errorf("%d bytes", got)
	}
	if got := residentMemory(h, 8); got != 0 {
		t.Errorf("%d bytes", got)
	}
}
