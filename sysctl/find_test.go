package sysctl

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

func findKey(t *testing.T, h host.Host, name string) (k catalogue.Key, note string, err error) {
	t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Find(h, cat, name)
}

func TestEachKeyOfTheHostIsFoundInEveryCustomaryForm(t *testing.T) {
	for name, want := range map[string]string{
		"net.ipv4.ip_forward":                   "net.ipv4.ip_forward",
		"net/ipv4/ip_forward":                   "net.ipv4.ip_forward",
		"/proc/sys/net/ipv4/ip_forward":         "net.ipv4.ip_forward",
		"ip_forward":                            "net.ipv4.ip_forward",
		"swappiness":                            "vm.swappiness",
		"net.ipv4.conf.lo.rp_filter":            "net.ipv4.conf.lo.rp_filter",
		"net/ipv4/conf/lo/rp_filter":            "net.ipv4.conf.lo.rp_filter",
		"net.ipv4.route.flush":                  "net.ipv4.route.flush",
		"kernel.osrelease":                      "kernel.osrelease",
		"tcp_rmem":                              "net.ipv4.tcp_rmem",
		"net.netfilter.nf_conntrack_no_such_at": "net.netfilter.nf_conntrack_no_such_at", // a module would have to tell
	} {
		if k, note, err := findKey(t, host.Host{}, name); err != nil || k.Name != want || note != "" {
			t.Errorf("%q is %q (%q), %v; want %s", name, k.Name, note, err, want)
		}
	}
}

// What is said of a name that stands for no key here; never of one that does.
func TestWhatIsNoKeyIsSaidWithTheOneThatWasMeant(t *testing.T) {
	for name, want := range map[string]string{
		"net.ipv4.tcp_fin_timout": "does not exist on this host: did you mean net.ipv4.tcp_fin_timeout?",
		"net.ipv4.ip_forwrad":     "does not exist on this host: did you mean net.ipv4.ip_forward?",
		"vm.swapiness":            "does not exist on this host: did you mean vm.swappiness?",
		"kernel.frobnication":     "does not exist on this host",
		"net.ipv4":                "is a folder of keys: name one of them",
		"net.ipv4.tcp_tw_recycle": "was removed in Linux 4.12",
		"tcp_nometrics_save":      "did you mean net.ipv4.tcp_no_metrics_save?",
		"disable_ipv6":            "is ambiguous, it may be net.ipv6.conf.all.disable_ipv6 or ",
		"":                        "is not in the catalogue of keys",
		"../../etc/passwd":        "does not exist on this host",
		"net.ipv4.tcp_rmem\x00":   "did you mean net.ipv4.tcp_rmem?",
	} {
		k, _, err := findKey(t, host.Host{}, name)
		if err == nil || !strings.Contains(err.Error(), want) || want == "does not exist on this host" && strings.Contains(err.Error(), "mean") {
			t.Errorf("%q: got %q, %v; want %q", name, k.Name, err, want)
		}
	}
}

func TestADotInTheNameOfAnInterfaceIsFoundAndSaid(t *testing.T) {
	keys := []string{"net.ipv4.conf.eth0.rp_filter", "net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf.eth0/100.forwarding"}
	same, note := namesakes(keys, "net.ipv4.conf.eth0.100.rp_filter")
	if len(same) != 1 || same[0] != keys[1] || !strings.Contains(note, "written as a slash, net.ipv4.conf.eth0/100.rp_filter") {
		t.Errorf("got %v, %q", same, note)
	}
	if same, _ := namesakes(keys, "rp_filter"); len(same) != 2 {
		t.Errorf("a last word: got %v, want both", same)
	}
}

// An image has no kernel to ask: a full name is answered for, and what is wrong in every kernel is said.
func TestInAnImageAFullNameStandsForAKey(t *testing.T) {
	image, err := host.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"net.ipv4.ip_local_port_range": "", "net.ipv4.conf.eth7.send_redirects": "an image has no kernel to ask",
		"net.ipv4.tcp_fin_timout": "did you mean net.ipv4.tcp_fin_timeout?",
	} {
		k, note, err := findKey(t, image, name)
		if err != nil || k.Name != name || !strings.Contains(note, want) || want == "" && note != "" {
			t.Errorf("%s is %q (%q), %v; want %q", name, k.Name, note, err, want)
		}
	}
	for _, name := range []string{"net.ipv4.tcp_tw_recycle", "net.ipv4.tcp_nometrics_save", "frobnication"} {
		if k, note, err := findKey(t, image, name); err == nil {
			t.Errorf("%s is %q (%q), want an error", name, k.Name, note)
		}
	}
}
