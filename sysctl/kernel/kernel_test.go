package kernel

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/whowins"

	trees "github.com/tcptune/tcptune/test/whowins"
)

const (
	portRange = "net.ipv4.ip_local_port_range"
	unpriv    = "net.ipv4.ip_unprivileged_port_start"
)

// facts are those of a host with Linux 6.8, as far as they are made up here.
func facts(t *testing.T) Facts {
	t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Facts{
		Catalogue: cat, Live: true, Kernel: catalogue.KernelVersion{6, 8}, Memory: 8 << 30,
		Modules: map[string]host.ModuleState{
			"tcp_bbr": host.ModuleLoadable, "tcp_bbr2": host.ModuleAbsent, "nf_conntrack": host.ModuleLoadable,
			"tcp_cubic": host.ModuleBuiltin,
		},
		Running: map[string]string{
			portRange: "32768 60999", unpriv: "1024", "net.ipv4.tcp_rmem": "4096 131072 6291456",
		},
	}
}

func TestAForecastCountsWhatTheKernelMakesOfEachWriteInItsOrder(t *testing.T) {
	for _, c := range []struct {
		name         string
		files        map[string]string // in /etc/sysctl.d
		key          string
		boot, system string // "" : nothing has changed it; "unknown"
		reason       string
	}{
		{
			"a range below the privileged ports that a later file moves", map[string]string{
				"10-a": portRange + " = 500 65535\n", "50-b": unpriv + " = 80\n",
			}, portRange, "", "", "10-a.conf:1 assigns it, but the kernel refuses the value: low of " + portRange + " must not be below",
		},
		{
			"the same in the order that works", map[string]string{
				"10-a": unpriv + " = 80\n", "50-b": portRange + " = 500 65535\n",
			}, portRange, "500 65535", "500 65535", "is the last to assign it",
		},
		{
			"privileged ports above a range that a later file moves", map[string]string{
				"10-a": unpriv + " = 40000\n", "50-b": portRange + " = 50000 65535\n",
			}, unpriv, "", "", "must not be above low",
		},
		{
			"a refused line behind a good one", map[string]string{
				"10-a": "net.ipv4.tcp_ecn = 1\n", "50-b": "net.ipv4.tcp_ecn = 3\n",
			}, "net.ipv4.tcp_ecn", "", "1", "takes 0 to 2",
		},
		{
			"a congestion control that this kernel does not have", map[string]string{
				"10-a": "net.ipv4.tcp_congestion_control = bbr\n", "50-b": "net.ipv4.tcp_congestion_control = bbr2\n",
			}, "net.ipv4.tcp_congestion_control", "", "bbr", "no bbr2",
		},
		{
			"one of which nothing is known", map[string]string{
				"10-a": "net.ipv4.tcp_congestion_control = bbr\n", "50-b": "net.ipv4.tcp_congestion_control = bbr3\n",
			}, "net.ipv4.tcp_congestion_control", "unknown", "unknown", "bbr3 needs module tcp_bbr3",
		},
		{
			"text behind a number",
			map[string]string{"10-a": "net.ipv4.tcp_max_syn_backlog = 1024 # half-open\n"},
			"net.ipv4.tcp_max_syn_backlog", "1024", "1024", "is the last to assign it",
		},
		{
			"text at a number",
			map[string]string{"10-a": "net.ipv4.tcp_max_syn_backlog = 1024# half-open\n"},
			"net.ipv4.tcp_max_syn_backlog", "", "", "must be a whole number",
		},
		{
			"two values of a vector, the third is kept",
			map[string]string{"10-a": "net.ipv4.tcp_rmem = 8192 65536\n"},
			"net.ipv4.tcp_rmem", "8192 65536 6291456", "8192 65536 6291456", "is the last to assign it",
		},
		{
			"a vector that is refused at its end",
			map[string]string{"10-a": "net.ipv4.tcp_rmem = 8192 65536 0\n"},
			"net.ipv4.tcp_rmem", "8192 65536 6291456", "8192 65536 6291456", "refuses the value",
		},
		{
			"two names of one variable", map[string]string{
				"10-a": "net.nf_conntrack_max = 70000\n", "50-b": "net.netfilter.nf_conntrack_max = 80000\n",
			}, "net.nf_conntrack_max", "80000", "80000", "50-b.conf:1 is the last",
		},
		{
			"two names the other way round, with slashes", map[string]string{
				"10-a": "net/netfilter/nf_conntrack_max = 70000\n", "50-b": "net/nf_conntrack_max = 80000\n",
			}, "net.netfilter.nf_conntrack_max", "80000", "80000", "50-b.conf:1 is the last",
		},
		{
			"forwarding, for which the catalogue has no entry", map[string]string{
				"10-a": "net.ipv4.ip_forward = 1\n", "50-b": "net.ipv4.conf.all.forwarding = 0\n",
			}, "net.ipv4.ip_forward", "0", "0", "50-b.conf:1 is the last",
		},
		{
			"a key that this kernel does not have yet",
			map[string]string{"10-a": "net.ipv4.tcp_tw_reuse_delay = 500\n"},
			"net.ipv4.tcp_tw_reuse_delay", "", "", "appeared in Linux 6.14",
		},
	} {
		files := map[string]string{
			"/var/lib/dpkg/status": "Package: systemd\nStatus: install ok installed\nVersion: 255.4-1\n\n" +
				"Package: procps\nStatus: install ok installed\nVersion: 2:4.0.4-4\n\n",
			"/etc/modules-load.d/n.conf": "nf_conntrack\n",
		}
		for name, text := range c.files {
			files["/etc/sysctl.d/"+name+".conf"] = text
		}
		f, err := whowins.Observe(trees.Files(files))
		if err != nil {
			t.Fatal(err)
		}
		k := facts(t)
		fc := f.Under(k.AtBoot(), k.Now()).Key(c.key)
		for way, o := range map[string]whowins.Outcome{"boot": fc.Reboot, "sysctl --system": fc.SysctlSystem} {
			got, _ := o.Value()
			if o.Unknown {
				got = "unknown"
			}
			want := map[string]string{"boot": c.boot, "sysctl --system": c.system}[way]
			if got != want {
				t.Errorf("%s: at %s %s is %q, want %q (%s)", c.name, way, c.key, got, want, o.Reason)
			}
		}
		if !strings.Contains(fc.Reboot.Reason, c.reason) {
			t.Errorf("%s: the reason is %q, want %q", c.name, fc.Reboot.Reason, c.reason)
		}
	}
}

// An image takes a module for there only where all its kernels have it.
func TestAnImageHasWhatAllItsKernelsHave(t *testing.T) {
	for _, c := range []struct{ a, b, want host.ModuleState }{
		{host.ModuleLoadable, host.ModuleLoadable, host.ModuleLoadable},
		{host.ModuleLoadable, host.ModuleBuiltin, host.ModuleLoadable},
		{host.ModuleLoadable, host.ModuleAbsent, host.ModuleUnknown},
		{host.ModuleAbsent, host.ModuleAbsent, host.ModuleAbsent},
		{host.ModuleBuiltin, host.ModuleBuiltin, host.ModuleBuiltin},
		{host.ModuleUnknown, host.ModuleLoadable, host.ModuleUnknown},
	} {
		if got := both(c.a, c.b); got != c.want || both(c.b, c.a) != c.want {
			t.Errorf("%s and %s: got %s, want %s", c.a, c.b, got, c.want)
		}
	}
}
