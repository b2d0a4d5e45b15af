package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/bench"
)

func TestEchoTableComparesWithinARound(t *testing.T) {
	servers := []echoServer{{name: rowServer}, {name: rowNet}}
	cases := []echoCase{{bench.Raw, 64, 50, 1}, {bench.Raw, 64, 50, 16}}
	us := time.Microsecond
	samples := [][][]echoSample{
		{ // the machine was slow in the second round: 50 is still half of 100
			{{rate: 1000, cpu: 10, busy: 0.5, of: percentiles{1 * us, 9 * us, 9 * us}}, {rate: 50, cpu: 30, busy: 1, of: percentiles{3 * us, 7 * us, 7 * us}}},
			{{rate: 2000, cpu: 5, busy: 1, of: percentiles{1 * us, 1 * us, 1 * us}}, {rate: 100, cpu: 5, busy: 1, of: percentiles{1 * us, 1 * us, 1 * us}}},
		},
		{
			{{rate: 190, cpu: 10, busy: 1}, {rate: 190, cpu: 10, busy: 1}},
			{{rate: 200, cpu: 10, busy: 1}, {rate: 200, cpu: 10, busy: 1}},
		},
	}
	var out strings.Builder
	echoTable(&out, servers, cases, samples)
	const want = `
raw of 64 bytes: 50 x 1              msg/s  x net    x C CPU ns   core  p50 us  p99 us   p99.9
tcptune-server, loop                   525   0.50      -     20    75%       2       8       8
net, plain                            1050   1.00      -      5   100%       1       1       1

raw of 64 bytes: 50 x 16             msg/s  x net    x C CPU ns   core  p50 us  p99 us   p99.9
tcptune-server, loop                   190   0.95      -     10   100%
net, plain                             200   1.00      -     10   100%

tcptune-server, loop: at least 0.95 of net, plain, raw of 64 bytes: 50 x 1: 0.50, MISSED
tcptune-server, loop: at least 0.95 of net, plain, raw of 64 bytes: 50 x 16: 0.95, met
`
	_, body, _ := strings.Cut(out.String(), "times over\n")
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestARoundThatWasDisturbedDoesNotDecide(t *testing.T) {
	servers := []echoServer{{name: rowServer}, {name: rowNet}}
	quiet, noisy := calm/2, calm*2
	tests := []struct {
		name      string
		ours, net []echoSample
		want      string
	}{
		{
			"one of three is",
			[]echoSample{{rate: 9, lost: quiet}, {rate: 9, lost: quiet}, {rate: 1, lost: noisy}},
			[]echoSample{{rate: 10, lost: quiet}, {rate: 9, lost: quiet}, {rate: 10, lost: quiet}},
			"0.95 met",
		},
		{
			"the other one was",
			[]echoSample{{rate: 9}, {rate: 9}},
			[]echoSample{{rate: 10}, {rate: 3, lost: noisy}},
			"0.90 MISSED",
		},
		{
			"all are",
			[]echoSample{{rate: 9, cpu: 4, lost: noisy}},
			[]echoSample{{rate: 9, cpu: 3}},
			"1.00 met, but the machine was busy; for the same CPU time: 0.75",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ratio(servers, [][]echoSample{tt.ours, tt.net}, 0, rowNet)
			if got := got.String() + " " + got.verdict(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestServersTakeTurnsInEachCase(t *testing.T) {
	b := echoBench{servers: []echoServer{{name: "a"}, {name: "b"}}}
	cases := []echoCase{{bench.Raw, 64, 1, 1}, {bench.Raw, 64, 2, 2}}
	round := map[string]int{}
	take := func(s echoServer, c echoCase) (string, error) {
		key := fmt.Sprint(s.name, c.connections)
		round[key]++
		return fmt.Sprint(key, "/", round[key]), nil
	}
	got, err := takeTurns(b, 2, cases, take)
	if err != nil {
		t.Fatal(err)
	}
	want := [][][]string{{{"a1/1", "a1/2"}, {"b1/1", "b1/2"}}, {{"a2/1", "a2/2"}, {"b2/1", "b2/2"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}

	broken := errors.New("broken")
	_, err = takeTurns(b, 2, cases[:1], func(echoServer, echoCase) (int, error) { return 0, broken })
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), ", raw of 64 bytes: 1 x 1: ") {
		t.Errorf("error = %v, want which server broke under which load", err)
	}
}

func TestAProgramThatIsNotThereHasNoRow(t *testing.T) {
	there, missing := echoServers("/proc/self/exe", t.TempDir())
	var names []string
	for _, s := range append(there, missing...) {
		names = append(names, s.name)
	}
	if diff := cmp.Diff([]string{rowServer, rowGoroutine, rowNet, "cloudwego/netpoll", rowC}, names); diff != "" || len(there) != 2 {
		t.Errorf("%d there; all (-want +got):\n%s", len(there), diff)
	}
}

func TestAServerThatEndsAtOnceSaysWhy(t *testing.T) {
	allowed, err := twoCores()
	if err != nil {
		t.Skip(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.10:0") // where no other test listens: it stays closed
	if err != nil {
		t.Fatal(err)
	}
	nobody := netip.MustParseAddrPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := echoServer{name: "x", argv: []string{"sh", "-c", "echo no such flag >&2; exit 1"}}
	_, err = s.start(nobody, allowed.server)
	if err == nil || err.Error() != "does not accept: ended\nno such flag" {
		t.Errorf("error = %v, want what the server said", err)
	}
}

func TestWhatRunsOnACoreStaysThere(t *testing.T) {
	allowed, err := twoCores()
	if err != nil {
		t.Skip(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var inside, after unix.CPUSet
	err = onCores([]int{allowed.client}, func() error { return unix.SchedGetaffinity(0, &inside) })
	if err != nil || inside.Count() != 1 || !inside.IsSet(allowed.client) {
		t.Errorf("cores inside: %v, error %v; want %d alone", inside, err, allowed.client)
	}
	if err := unix.SchedGetaffinity(0, &after); err != nil || after.Count() < 2 {
		t.Errorf("%d cores afterwards, error %v", after.Count(), err)
	}
}

func TestFindField(t *testing.T) {
	const sockstat = "sockets: used 290\nTCP: inuse 5 orphan 0 tw 3 alloc 9 mem 12\nUDP: inuse 2 mem 1\n"
	const meminfo = "MemTotal:        8000 kB\nSlab:            1234 kB\n"
	tests := []struct {
		text  string
		words []string
		want  float64
		err   bool
	}{
		{meminfo, []string{"Slab:"}, 1234, false},
		{sockstat, []string{"TCP:", "mem"}, 12, false},
		{sockstat, []string{"TCP:", "none"}, 0, true},
		{meminfo, []string{"Rss:"}, 0, true},
		{"Slab:\n", []string{"Slab:"}, 0, true},
	}
	for _, tt := range tests {
		got, err := findField(strings.NewReader(tt.text), tt.words...)
		if got != tt.want || (err != nil) != tt.err {
			t.Errorf("%v = %v, %v; want %v", tt.words, got, err, tt.want)
		}
	}
}

func TestTheClockOfAProcessIsItsOwn(t *testing.T) {
	first, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); time.Since(begin) < 20*time.Millisecond; { // spends some
	}
	if second, err := cpuTime(os.Getpid()); err != nil || second <= first {
		t.Errorf("clock went from %v to %v, error %v", first, second, err)
	}
}
