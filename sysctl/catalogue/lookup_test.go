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
		{"net/ipv4/tcp_syn_cookies", "net.ipv4.tcp_syn_cookies is not in the catalogue of keys: did you mean net.ipv4.tcp_syncookies?"},
		{"net.ipv4.somaxconn", "net.ipv4.somaxconn is not in the catalogue of keys: did you mean net.core.somaxconn?"},
		{"net.ipv4.tcp_timestamp", "net.ipv4.tcp_timestamp is not in the catalogue of keys: did you mean net.ipv4.tcp_timestamps?"},
		{"kernel.sysrq", "kernel.sysrq is not in the catalogue of keys"},
		{"net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf.eth0/100.rp_filter is not in the catalogue of keys"},
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
