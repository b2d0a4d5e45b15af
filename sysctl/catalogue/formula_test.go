package catalogue

import (
	"testing"
)

const gib = 1 << 30

func TestDefaultOn(t *testing.T) {
	for _, c := range []struct {
		key    string
		kernel KernelVersion
		memory int64
		want   string
		known  bool
	}{
		{"somaxconn", KernelVersion{5, 3}, 0, "128", true},
		{"somaxconn", KernelVersion{5, 4}, 0, "4096", true},
		{"tcp_tw_reuse", KernelVersion{4, 18}, 0, "0", true},
		{"tcp_tw_reuse", KernelVersion{5, 15}, 0, "2", true},
		{"rmem_max", KernelVersion{6, 17}, 0, "212992", true},
		{"rmem_max", KernelVersion{6, 18}, 0, "4194304", true},
		{"tcp_limit_output_bytes", KernelVersion{6, 14}, 0, "1048576", true},
		{"tcp_limit_output_bytes", KernelVersion{6, 17}, 0, "4194304", true},
		{"tcp_rmem", KernelVersion{6, 8}, 16 * gib, "4096 131072 6291456", true},
		{"tcp_rmem", KernelVersion{6, 17}, 16 * gib, "4096 131072 33554432", true},
		{"tcp_rmem", KernelVersion{6, 17}, 2 * gib, "", false}, // between its bounds, MemTotal is not exact enough
		{"tcp_rmem", KernelVersion{6, 17}, 0, "", false},
		{"tcp_wmem", KernelVersion{7, 0}, 16 * gib, "4096 16384 4194304", true},
		{"tcp_max_tw_buckets", KernelVersion{6, 18}, 25276502016, "131072", true},
		{"tcp_max_tw_buckets", KernelVersion{6, 18}, 256 * gib, "262144", true},
		{"tcp_max_tw_buckets", KernelVersion{6, 18}, 16 * gib, "", false}, // at a power of two, either is possible
		{"tcp_max_syn_backlog", KernelVersion{6, 18}, 25276502016, "2048", true},
		{"tcp_max_syn_backlog", KernelVersion{6, 18}, gib, "128", true},
		{"ip_local_reserved_ports", KernelVersion{6, 8}, 0, "", true},
		{"tcp_congestion_control", KernelVersion{6, 8}, 0, "", false}, // the distribution decides
		{"fs.file-max", KernelVersion{6, 8}, 16 * gib, "", false},
		{"tcp_tw_reuse_delay", KernelVersion{6, 8}, 0, "", false}, // not on that kernel
		{"somaxconn", KernelVersion{7, 1}, 0, "", false},          // newer than the catalogue
		{"somaxconn", KernelVersion{}, 0, "", false},              // unknown
	} {
		got, known := lookup(t, c.key).DefaultOn(c.kernel, c.memory)
		if got != c.want || known != c.known {
			t.Errorf("%s on %s with %d bytes: got %q, %v, want %q, %v", c.key, c.kernel, c.memory, got, known, c.want, c.known)
		}
	}
}

func TestOnKernel(t *testing.T) {
	k := lookup(t, "tcp_tw_reuse_delay")
	for _, v := range []KernelVersion{{6, 14}, {7, 0}, {}} {
		if err := k.OnKernel(v); err != nil {
			t.Errorf("%s: %v", v, err)
		}
	}
	if err := k.OnKernel(KernelVersion{5, 15}); err == nil || err.Error() != "net.ipv4.tcp_tw_reuse_delay appeared in Linux 6.14, this is 5.15" {
		t.Errorf("got %v", err)
	}
	k.Removed = KernelVersion{7, 0}
	if err := k.OnKernel(KernelVersion{7, 0}); err == nil || err.Error() != "net.ipv4.tcp_tw_reuse_delay was removed in Linux 7.0, this is 7.0" {
		t.Errorf("got %v", err)
	}
}
