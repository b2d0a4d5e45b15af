package profile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/sysctl/catalogue"
)

const mib = 1 << 20

func TestSize(t *testing.T) {
	path := func(change func(*Path)) Path {
		p := Path{BitsPerSecond: 10e9, RTT: 80 * time.Millisecond, MemoryBytes: 64 * gib, PageSize: 4096, Congestion: "bbr", Kernel: catalogue.KernelVersion{6, 17}}
		change(&p)
		return p
	}
	for _, c := range []struct {
		rule          string
		path          Path
		receive, send int64
		warnings      int
	}{
		{"bbr: 2 x and 3 x BDP", path(func(*Path) {}), 200e6, 300e6, 0},
		{"cubic: 2 x and 2 x BDP", path(func(p *Path) { p.Congestion = "cubic" }), 200e6, 200e6, 0},
		{"never more than memory/32", path(func(p *Path) { p.MemoryBytes = 8 * gib }), 200e6, 256 * mib, 1},
		{"never more than 1 GiB", path(func(p *Path) { p.BitsPerSecond, p.MemoryBytes = 400e9, 1024*gib }), gib, gib, 1},
		{"never less than the kernel's default", path(func(p *Path) { p.BitsPerSecond = 100e6 }), 32 * mib, 4 * mib, 0},
		{"the default of an older kernel is lower", path(func(p *Path) { p.BitsPerSecond, p.Kernel = 100e6, catalogue.KernelVersion{6, 8} }), 6 * mib, 4 * mib, 0},
		{"little memory lowers the default, too", path(func(p *Path) { p.BitsPerSecond, p.MemoryBytes = 1e6, 256*mib }), 2 * mib, 2 * mib, 0},
		{"unknown memory is no cap", path(func(p *Path) { p.MemoryBytes = 0 }), 200e6, 300e6, 0},
		{"an unknown kernel is taken for the newest", path(func(p *Path) { p.BitsPerSecond, p.Kernel = 1e6, catalogue.KernelVersion{} }), 32 * mib, 4 * mib, 0},
		{"flows that fit", path(func(p *Path) { p.Flows, p.TCPMemPages = 2, 1e6 }), 200e6, 300e6, 0},
		{"flows that do not fit", path(func(p *Path) { p.Flows, p.TCPMemPages = 100, 1e6 }), 200e6, 300e6, 1},
		{"flows, and no limit that is known", path(func(p *Path) { p.Flows = 2 }), 200e6, 300e6, 1},
		{"nothing overflows", Path{BitsPerSecond: 1e13, RTT: time.Minute, Flows: 1 << 40, TCPMemPages: 1 << 50, PageSize: 1 << 16}, gib, gib, 1},
	} {
		got, err := Size(loadCatalogue(t), c.path)
		if err != nil || got.ReceiveMax != c.receive || got.SendMax != c.send || len(got.Warnings) != c.warnings {
			t.Errorf("%s: got %d, %d, %q, %v; want %d, %d and %d warnings", c.rule, got.ReceiveMax, got.SendMax, got.Warnings, err, c.receive, c.send, c.warnings)
		}
	}
}

func TestTheArithmeticIsShownLineByLine(t *testing.T) {
	s, err := Size(loadCatalogue(t), Path{
		BitsPerSecond: 10e9, RTT: 80 * time.Millisecond, Flows: 100, MemoryBytes: 16 * gib, TCPMemPages: 393216, PageSize: 4096,
		Congestion: "bbr", Kernel: catalogue.KernelVersion{6, 17},
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, step := range s.Steps {
		lines = append(lines, fmt.Sprintf("%s: %s = %s", step.Label, step.Arithmetic, step.Result))
	}
	want := []string{
		"bandwidth-delay product: 10 Gbit/s / 8 x 80ms = 100000000 bytes (95.4 MiB)",
		"receive buffer: 2 x 100000000: the window, and as much again for packet overhead and reordering = 200000000 bytes (190.7 MiB)",
		"send buffer: 3 x 100000000: bbr keeps up to 2 x BDP in flight, and the next round is queued behind it = 300000000 bytes (286.1 MiB)",
		"memory cap: 16 GiB of memory / 32: a third of what the kernel allows for all TCP buffers = 536870912 bytes (512 MiB)",
		"window cap: 65535 << 14, the largest window that TCP can announce (RFC 7323) = 1073741824 bytes (1 GiB)",
		"kernel's own receive maximum: min(32 MiB, memory / 128) on Linux 6.17: its default, no ceiling = 33554432 bytes (32 MiB)",
		"kernel's own send maximum: min(4 MiB, memory / 128) on Linux 6.17: its default, no ceiling = 4194304 bytes (4 MiB)",
		"result, receive: third field of net.ipv4.tcp_rmem = 200000000 bytes (190.7 MiB)",
		"result, send: third field of net.ipv4.tcp_wmem = 300000000 bytes (286.1 MiB)",
		"all flows at once: 100 x (200000000 + 300000000) = 50000000000 bytes (46.6 GiB)",
		"tcp_mem, hard limit: 393216 pages x 4096 bytes = 1610612736 bytes (1.5 GiB)",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if want := []string{"100 connections with full buffers want 46.6 GiB, tcp_mem stops at 1.5 GiB: 3 of them can be full at the same time"}; !slices.Equal(s.Warnings, want) {
		t.Errorf("warnings %q", s.Warnings)
	}
}

func TestSizeRefusesWhatIsNoPath(t *testing.T) {
	for _, p := range []Path{{}, {BitsPerSecond: 1e9}, {RTT: time.Second}, {BitsPerSecond: -1, RTT: time.Second}, {BitsPerSecond: 1e9, RTT: time.Second, Flows: -1}} {
		if _, err := Size(loadCatalogue(t), p); err == nil || !strings.HasPrefix(err.Error(), "cannot size buffers: ") {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func FuzzSize(f *testing.F) {
	f.Add(int64(10e9), int64(80*time.Millisecond), 100, int64(16*gib), int64(393216))
	f.Add(int64(1e13), int64(time.Minute), 1<<40, int64(1), int64(1)<<60)
	c := loadCatalogue(f)
	f.Fuzz(func(t *testing.T, rate, rtt int64, flows int, memory, pages int64) {
		s, err := Size(c, Path{BitsPerSecond: rate, RTT: time.Duration(rtt), Flows: flows, MemoryBytes: memory, TCPMemPages: pages, PageSize: 4096})
		if err != nil {
			return
		}
		rmem, wmem := lookup(t, "tcp_rmem"), lookup(t, "tcp_wmem")
		values := placeholders(s.ReceiveMax, s.SendMax)
		if err := rmem.Validate(values.Replace("4096 131072 $receive")); err != nil {
			t.Error(err)
		}
		if err := wmem.Validate(values.Replace("4096 65536 $send")); err != nil {
			t.Error(err)
		}
	})
}
