package catalogue

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

func TestLookupTakesEveryCustomaryForm(t *testing.T) {
	for _, name := range []string{
		"net.ipv4.tcp_rmem", "net/ipv4/tcp_rmem", "tcp_rmem", " net.ipv4.tcp_rmem ", "/proc/sys/net/ipv4/tcp_rmem",
	} {
		if k := lookup(t, name); k.Name != "net.ipv4.tcp_rmem" {
			t.Errorf("%q is %s", name, k.Name)
		}
	}
}

func TestLookupSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"net.ipv4.tcp_nometrics_save", "net.ipv4.tcp_nometrics_save is a wrong name that circulates, no current kernel has such a key: did you mean net.ipv4.tcp_no_metrics_save?"},
		{"tcp_nometrics_save", "tcp_nometrics_save is a wrong name that circulates, no current kernel has such a key: did you mean net.ipv4.tcp_no_metrics_save?"},
		{"net.ipv4.tcp_tw_recycle", "net.ipv4.tcp_tw_recycle was removed in Linux 4.12: it broke clients behind NAT; tcp_tw_reuse=1 is what outgoing connections can use, incoming ones need nothing"},
		{"tcp_tw_recycle", "net.ipv4.tcp_tw_recycle was removed in Linux 4.12: it broke clients behind NAT; tcp_tw_reuse=1 is what outgoing connections can use, incoming ones need nothing"},
		{"net.ipv4.netfilter.ip_conntrack_tcp_timeout_close", "net.ipv4.netfilter.ip_conntrack_tcp_timeout_close was removed in Linux 4.9: the old names of connection tracking were taken out; use net.netfilter.nf_conntrack_tcp_timeout_close"},
		{"ip_conntrack_count", "net.ipv4.netfilter.ip_conntrack_count was removed in Linux 4.9: the old names of connection tracking were taken out; use net.netfilter.nf_conntrack_count"},
		{"kern.ipc.somaxconn", "kern.ipc.somaxconn is no key of Linux: it is a key of BSD and macOS; use net.core.somaxconn"},
		{"net.inet.tcp.mssdflt", "net.inet.tcp.mssdflt is no key of Linux: it is a key of BSD and macOS"},
		{"kernel.exec-shield-randomize", "kernel.exec-shield-randomize is no key of Linux: it was a patch in kernels of Red Hat until release 6; kernel.randomize_va_space and the NX bit of every processor do what it did"},
		{"net/ipv4/tcp_syn_cookies", "net.ipv4.tcp_syn_cookies is not in the catalogue of keys: did you mean net.ipv4.tcp_syncookies?"},
		{"net.ipv4.somaxconn", "net.ipv4.somaxconn is not in the catalogue of keys: did you mean net.core.somaxconn?"},
		{"net.ipv4.tcp_timestamp", "net.ipv4.tcp_timestamp is not in the catalogue of keys: did you mean net.ipv4.tcp_timestamps?"},
		{"kernel.sysrq", "kernel.sysrq is not in the catalogue of keys"},
		{"net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf.eth0/100.rp_filter is not in the catalogue of keys: did you mean net.ipv4.conf.all.rp_filter?"},
		{"", " is not in the catalogue of keys"},
	} {
		_, err := loadCatalogue(t).Lookup(c.name)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestLookupErrorsHaveCodes(t *testing.T) {
	c := loadCatalogue(t)
	if _, err := c.Lookup("tcp_tw_recycle"); !report.Is(err, CodeRemovedKey) || !strings.Contains(err.Error(), "removed in Linux 4.12") {
		t.Errorf("got %v", err)
	}
	_, err := c.Lookup("net.ipv4.tcp_nometrics_save")
	if !report.Is(err, CodeUnknownKey) || !strings.Contains(err.Error(), "did you mean net.ipv4.tcp_no_metrics_save?") {
		t.Errorf("got %v", err)
	}
}

// What is known of a key of every interface is known of one, but for its default.
func TestTheKeyOfAnInterfaceIsThatOfAllInterfaces(t *testing.T) {
	c := loadCatalogue(t)
	k, known := c.About("net.ipv4.conf.eth0/100.rp_filter")
	if !known || k.Name != "net.ipv4.conf.eth0/100.rp_filter" || k.Explain == "" || k.Defaults != nil {
		t.Errorf("known %v: %+v", known, k)
	}
	for name, want := range map[string]string{
		"net.ipv4.conf.eth0/100.rp_filter": "net.ipv4.conf.default.rp_filter",
		"net.ipv6.neigh.lo.gc_stale_time":  "net.ipv6.neigh.default.gc_stale_time",
		"net.ipv4.conf.all.rp_filter":      "", "net.ipv4.conf.default.rp_filter": "", "net.ipv4.tcp_rmem": "",
	} {
		if got := Inherited(name); got != want {
			t.Errorf("%s inherits %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"net.ipv4.conf.eth0.frobnication", "net.ipv4.tcp_dsac"} {
		if k, known := c.About(name); known || k.Name != name {
			t.Errorf("%s is known as %+v", name, k)
		}
	}
}

func TestDottedName(t *testing.T) {
	for name, want := range map[string]string{
		"net.ipv4.tcp_rmem":                "net.ipv4.tcp_rmem",
		"net/ipv4/tcp_rmem":                "net.ipv4.tcp_rmem",
		"net/ipv4/conf/eth0.100/rp_filter": "net.ipv4.conf.eth0/100.rp_filter",
		"net.ipv4.conf.eth0/100.rp_filter": "net.ipv4.conf.eth0/100.rp_filter",
		"/proc/sys/fs/file-max":            "fs.file-max",
		"swappiness":                       "swappiness",
	} {
		if got := Dotted(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func FuzzLookup(f *testing.F) {
	for _, s := range []string{"net.ipv4.tcp_rmem", "net/ipv4/tcp_rmem", "tcp_tw_recycle", "..", "/", ""} {
		f.Add(s)
	}
	c := loadCatalogue(f)
	f.Fuzz(func(t *testing.T, name string) {
		k, err := c.Lookup(name)
		if err == nil && k.Name == "" {
			t.Errorf("%q gives neither a key nor an error", name)
		}
		if err == nil {
			if same, err := c.Lookup(k.Name); err != nil || same.Name != k.Name {
				t.Errorf("%q is %s, which is %s, %v", name, k.Name, same.Name, err)
			}
		}
	})
}
