package main

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
)

func TestTheLimitsFitIntoTheDescriptors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                 string
		files                uint64
		upstreams            int
		conns, queue         int
		wantConns, wantQueue int
		wantLinger           int
	}{
		{"enough", 1 << 20, 0, 100_000, 1024, 100_000, 1024, 256},
		{"just enough", 64 + 256 + 2024, 0, 1000, 1024, 1000, 1024, 256},
		{"one too few", 64 + 256 + 2023, 0, 1000, 1024, 1000, 1023, 256},
		{"many connections", 20_000, 0, 100_000, 1024, 18_656, 1024, 256},
		{"a large queue", 1000, 0, 100, 1_000_000, 100, 719, 117},
		{"few", 100, 0, 100_000, 1024, 28, 4, 4},
		{"none", 40, 0, 100_000, 1024, 1, 0, 1},
		{"no limit", 1<<64 - 1, 0, 100_000, 1024, 100_000, 1024, 256},
		{"upstreams need theirs", 1000, 2, 100_000, 1024, 606, 101, 101},
	} {
		l := defaultLimits()
		l.MaxConns, l.Queue = tc.conns, tc.queue
		got := l.within(tc.files, tc.upstreams)
		if got.MaxConns != tc.wantConns || got.Queue != tc.wantQueue || got.linger != tc.wantLinger {
			t.Errorf("%s: %d served, %d waiting, %d being refused; want %d, %d, %d", tc.name,
				got.MaxConns, got.Queue, got.linger, tc.wantConns, tc.wantQueue, tc.wantLinger)
		}
		if got.ClientConns != (got.MaxConns+1)/2 {
			t.Errorf("%s: one client may have %d of %d", tc.name, got.ClientConns, got.MaxConns)
		}
		if err := got.check(); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// Clients use up what there is for clients; the operator gets an answer all the same.
func TestTheAdminSocketAnswersWhenClientsHaveAllDescriptors(t *testing.T) {
	t.Parallel()
	l, admin := listen(t), listen(t)
	files := 100 + descriptorsOfLoop*runtime.NumCPU()
	p := launch(t, []string{fmt.Sprintf("%s=%d", openFiles, files)}, map[string]*net.TCPListener{"x.socket": l, "admin": admin},
		"--max-conns", "100000", "--queue-timeout", "1h")
	for range 300 {
		dial(t, l.Addr())
	}
	for { // until all that may be served are
		status, body := get(t, admin.Addr(), "/statusz")
		if status != 200 || !strings.Contains(body, `"max_conns":28,`) {
			t.Fatalf("/statusz: %d %s", status, body)
		}
		if strings.Contains(body, `"active":28,`) && strings.Contains(body, `"accepted":300,`) {
			break
		}
	}
	if _, body := get(t, admin.Addr(), "/metrics"); !strings.Contains(body, "\ntcptune_server_accept_errors_total 0\n") {
		t.Errorf("it ran out of descriptors:\n%s", body)
	}
	if said := p.stderr.String(); !strings.Contains(said, "max-conns=28 queue=4") {
		t.Errorf("it does not say what it lets in:\n%s", said)
	}
}
