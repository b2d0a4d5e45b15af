package lint

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/kernel"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// someHost is a running machine with the keys of Linux, an interface eth0, and no module that brings keys.
func someHost(t *testing.T) World {
	t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return World{Catalogue: cat, Kernel: cat.Newest(), Has: func(key string) bool {
		if _, which, _, ok := ofInterface(key); ok && !slices.Contains([]string{"all", "default", "eth0", "eth0/100"}, which) {
			return false
		}
		return whowins.ModuleOf(host.SwapSeparators(key)) == "" && catalogue.KnownToLinux(strings.ReplaceAll(key, "eth0/100", "eth0"))
	}}
}

// TestEachKindOfLineIsNamed has, for each kind of finding about a line, lines of that kind, and lines beside them that
// are nothing of the sort.
func TestEachKindOfLineIsNamed(t *testing.T) {
	for kind, lines := range map[string][]string{
		"": {
			"net.core.somaxconn = 4096", "net/core/somaxconn=4096", "-net.core.somaxconn = 4096", "# a comment", "; another", "",
			"net.ipv4.conf.eth0/100.rp_filter = 1", "net/ipv4/conf/eth0.100/rp_filter = 1", "net.ipv4.conf.*.rp_filter = 1",
			"-net.ipv4.conf.eth0.rp_filter", "net.ipv4.tcp_rmem = 4096\t131072   16777216", "vm.swappiness=10",
			"kernel.core_pattern = |/usr/bin/x %p # no comment", "net.ipv4.ip_local_reserved_ports = 8080,9000-9010",
			"net.ipv4.ip_local_reserved_ports =", "net.ipv4.tcp_fin_timeout = 0x1e", "net.ipv4.conf.default.rp_filter=2",
		},
		"command": {
			"sysctl -w net.core.somaxconn=4096", "$ sysctl -w net.core.somaxconn=4096", "sudo sysctl -w net.core.somaxconn=4096",
			"root@host:~# sysctl -w net.core.somaxconn=4096", "/sbin/sysctl -q -w 'net.ipv4.tcp_rmem=4096 131072 16777216'",
			"echo 4096 > /proc/sys/net/core/somaxconn", `echo "net.core.somaxconn = 4096" >> /etc/sysctl.conf`, "sysctl -p",
			"[root@host ~]# sysctl net.core.somaxconn=4096", "sudo sysctl -p /etc/sysctl.conf",
		},
		"export":         {"export net.core.somaxconn=4096"},
		"json-yaml":      {`"net.core.somaxconn": "4096",`, "net.core.somaxconn: 4096", "{", "sysctls:", `{"net.core.somaxconn": 4096}`},
		"missing-equals": {"net.core.somaxconn 4096", "net.ipv4.tcp_rmem 4096 131072 16777216", "net.core.default_qdisc fq"},
		"missing-value":  {"net.core.somaxconn", "net.core.somaxconn =", "net.core.somaxconn="},
		"syntax":         {"hello", "tune the network", "= 5"},
		"unknown-key":    {"no.such.thing = 1"},
		"misspelt-key": {
			"net.core.somaxcon = 4096", "net.ipv4.tcp_nometrics_save = 1", "somaxconn = 4096", "net.ipv4.somaxconn = 4096",
			"net.ipv4.tcp_keepalive_intval = 30", "vm.swapiness = 10",
		},
		"removed-key":      {"net.ipv4.tcp_tw_recycle = 1", "kernel.exec-shield = 1", "kern.ipc.somaxconn = 4096", "net.inet.tcp.msl = 1"},
		"no-effect":        {"net.ipv4.tcp_low_latency = 1"},
		"interface-dots":   {"net.ipv4.conf.eth0.100.rp_filter = 1", "net.ipv6.conf.br0.7.8.accept_ra = 0"},
		"absent-interface": {"net.ipv4.conf.wlan7.rp_filter = 1"},
		"missing-module":   {"net.bridge.bridge-nf-call-iptables = 1", "net.netfilter.nf_conntrack_max = 262144", "sunrpc.tcp_slot_table_entries = 128"},
		"refused-value": {
			"net.core.somaxconn = -1", "net.ipv4.tcp_rmem = 4096 131072", "net.ipv4.tcp_rmem = 16777216 131072 4096",
			"net.ipv4.tcp_sack = yes", "net.ipv4.tcp_congestion_control = bbr v2",
		},
		"quotes":      {`net.core.somaxconn = "4096"`, "net.core.somaxconn = \u201c4096\u201d", "net.core.default_qdisc = 'fq'"},
		"odd-space":   {"net.core.somaxconn\u00a0= 4096", "net.core.somaxconn =\u00a04096", "net.core.\u200bsomaxconn = 4096"},
		"text-behind": {"net.core.somaxconn = 4096 # enough", "net.core.somaxconn = 4096 ; x", "vm.swappiness = 10 // x", "net.core.somaxconn = 4096#x", "net.core.default_qdisc = fq # fair"},
		"objection": {
			"net.ipv4.tcp_mem = 8388608 12582912 16777216", "net.ipv4.tcp_timestamps = 0", "net.ipv4.tcp_max_tw_buckets = 5000",
			"fs.file-max = 1000000", "net.ipv4.tcp_keepalive_intvl = 3", "net.ipv4.tcp_syncookies = 0", "net.ipv4.tcp_sack = 0",
			"net.core.somaxconn = 262144", "net.ipv4.tcp_rmem = 4096 16777216 16777216", "vm.min_free_kbytes = 8388608",
		},
	} {
		for _, line := range lines {
			got := kinds(Judge(someHost(t), []Text{{Name: "x.conf", Data: []byte(line + "\n")}})[0].All())
			if kind == "" && got != nil || kind != "" && !slices.Contains(got, kind) {
				t.Errorf("%q: got %q, want %q", line, got, kind)
			}
		}
	}
}

func kinds(found []report.Finding) (names []string) {
	for _, f := range found {
		names = append(names, f.Kind)
	}
	return names
}

// TestFindingsAboutATextAsAWhole are those that no line by itself would show.
func TestFindingsAboutATextAsAWhole(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"\ufeffnet.core.somaxconn = 4096\n", "x.conf:1 byte-order-mark"},
		{"net.core.somaxconn = 4096\r\nvm.swappiness = 10\r\n", "x.conf line-ends"},
		{"vm.swappiness = 10\nnet.core.somaxconn = 4096\x00\n", "x.conf:2 zero-byte"},
		{"\xff\xfen\x00e\x00", "x.conf encoding"},
		{"# caf\xe9\nvm.swappiness = 10\n", "x.conf encoding"},
		{"vm.swappiness = 10\nvm.swappiness = 20\n", "x.conf:1 duplicate"},
		{"vm.swappiness = 10\nvm.swappiness = 10\n", "x.conf:1 duplicate"},
		{"vm.swappiness = 10\nvm.swapiness = 20\n", "x.conf:2 misspelt-key"},
		{"net.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_timestamps = 0\n", "x.conf:1 objection, x.conf:2 objection"},
		{"net.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_timestamps = 1\n", ""},
		{
			"net.netfilter.nf_conntrack_tcp_timeout_established = 600\nnet.ipv4.tcp_keepalive_time = 1200\n",
			"x.conf:1 missing-module, x.conf:1 objection",
		},
		{"net.netfilter.nf_conntrack_tcp_timeout_established = 600\nnet.ipv4.tcp_keepalive_time = 300\n", "x.conf:1 missing-module"},
	} {
		var got []string
		for _, f := range Judge(someHost(t), []Text{{Name: "x.conf", Data: []byte(test.text)}})[0].All() {
			got = append(got, f.Target+" "+f.Kind)
		}
		if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%q: %s", test.text, diff)
		}
	}
}

// A profile as TuneD and its distributions ship it is written in TuneD's own syntax, and nothing is wrong with it.
func TestTheSyntaxOfTunedIsNotThatOfSysctl(t *testing.T) {
	const text = `#
# tuned configuration
#

[main]
summary=Optimize for streaming network throughput
include=throughput-performance

[variables]
limit = 4096

[sysctl]
# Increase kernel buffer size maximums.
net.ipv4.tcp_rmem="4096 131072 16777216"
net.ipv4.tcp_wmem="4096 16384 16777216"
net.ipv4.udp_mem="3145728 4194304 8000000"
net.core.somaxconn=>${limit}
vm.swappiness=10

[vm]
transparent_hugepages=never
`
	got := Judge(someHost(t), []Text{{Name: "/usr/lib/tuned/network-throughput/tuned.conf", Data: []byte(text)}})[0]
	if found := got.All(); found != nil {
		t.Errorf("got %v", found)
	}
	if n := len(got.Lines); n != 5 {
		t.Errorf("%d lines are read, want 5", n)
	}
}

// What was meant by a line that sets nothing is told, whatever the form in which it was pasted.
func TestWhatWasMeantIsTold(t *testing.T) {
	for line, want := range map[string]string{
		"sudo sysctl -w net.core.somaxconn=4096 net.ipv4.tcp_fin_timeout=20":  "net.core.somaxconn=4096 net.ipv4.tcp_fin_timeout=20",
		"sysctl -w net.ipv4.tcp_rmem='4096 131072 16777216'":                  "net.ipv4.tcp_rmem=4096 131072 16777216",
		`sysctl -w "net.ipv4.tcp_rmem=4096 131072 16777216"`:                  "net.ipv4.tcp_rmem=4096 131072 16777216",
		"echo 4096 > /proc/sys/net/core/somaxconn":                            "net.core.somaxconn=4096",
		"echo '1024 65535' | sudo tee /proc/sys/net/ipv4/ip_local_port_range": "net.ipv4.ip_local_port_range=1024 65535",
		`  "net.core.somaxconn": "4096",`:                                     "net.core.somaxconn=4096",
		"net.core.somaxconn: 4096":                                            "net.core.somaxconn=4096",
		"- name: net.core.somaxconn\n  value: \"4096\"":                       "net.core.somaxconn=4096",
		"net.core.somaxconn 4096":                                             "net.core.somaxconn=4096",
		"net.core.somaxcon = \u201c4096\u201d # x":                            "net.core.somaxconn=4096",
		"net.ipv4.conf.eth0.100.rp_filter = 1":                                "net.ipv4.conf.eth0/100.rp_filter=1",
		"net.core.somaxconn\u00a0=\u00a04096":                                 "net.core.somaxconn=4096",
	} {
		var got []string
		for _, l := range Judge(someHost(t), []Text{{Name: "x.conf", Data: []byte(line + "\n")}})[0].Lines {
			if l.Verdict == Mended {
				got = append(got, l.Key+"="+l.Value)
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
}

// Each objection names the lines that it is about, and no longer does once a condition of it fails.
func TestEachObjectionIsMadeAndWithdrawn(t *testing.T) {
	w := someHost(t)
	has := w.Has
	w.Has = func(key string) bool { return has(key) || whowins.ModuleOf(host.SwapSeparators(key)) != "" }
	for _, o := range compiled().Objections {
		text := func(fit bool) string {
			values := map[string][]string{}
			var order []string
			for i, c := range o.When {
				at := max(c.Field, 1)
				n := c.Value
				if c.Of != "" {
					n = 7200
				}
				inside := fit || i > 0
				switch c.Is {
				case "<", ">":
					if (c.Is == "<") == inside {
						n--
					} else {
						n++
					}
					if !inside {
						n = c.Value
						if c.Of != "" {
							n = 7200
						}
					}
				case "=", "<=", ">=":
					if !inside {
						n += map[string]int64{"=": 1, "<=": 1, ">=": -1}[c.Is]
						if c.Is == "=" && c.Value == 1 {
							n = 0
						}
					}
				}
				if values[c.Key] == nil {
					order = append(order, c.Key)
					values[c.Key] = []string{}
				}
				for len(values[c.Key]) < at {
					values[c.Key] = append(values[c.Key], strconv.FormatInt(n, 10))
				}
			}
			var b strings.Builder
			for _, key := range order {
				k, err := w.Catalogue.Lookup(key)
				for err == nil && len(values[key]) < len(k.Fields) {
					values[key] = append(values[key], strconv.FormatInt(k.Fields[len(values[key])].Max, 10))
				}
				b.WriteString(key + " = " + strings.Join(values[key], " ") + "\n")
			}
			return b.String()
		}
		made := func(text string) bool {
			for _, f := range Judge(w, []Text{{Name: "x.conf", Data: []byte(text)}})[0].All() {
				if f.Kind == "objection" && f.Reason == o.Reason {
					return true
				}
			}
			return false
		}
		if with := text(true); !made(with) {
			t.Errorf("%s: no objection against\n%s", o.Key, with)
		}
		if without := text(false); made(without) {
			t.Errorf("%s: an objection against\n%s", o.Key, without)
		}
	}
}

// What only the kernel can refuse, for the sake of another key or of its version, is judged by the rules of the
// catalogue, as a forecast is.
func TestWhatTheKernelRefusesIsNamed(t *testing.T) {
	w := someHost(t)
	w.Facts = kernel.Facts{Catalogue: w.Catalogue, Live: true, Kernel: w.Kernel}
	for text, want := range map[string]bool{
		"net.ipv4.ip_local_port_range = 500 65535\n":                                           true,
		"net.ipv4.ip_local_port_range = 500 65535\nnet.ipv4.ip_unprivileged_port_start = 80\n": false,
		"net.ipv4.ip_local_port_range = 10240 65535\n":                                         false,
	} {
		for _, placed := range []bool{true, false} {
			j := Judge(w, []Text{{Name: "x.conf", Data: []byte(text), Placed: placed}})[0]
			if got := slices.Contains(kinds(j.All()), "refused-value"); got != want {
				t.Errorf("%q, placed %v: refused %v, want %v", text, placed, got, want)
			}
			if bad := j.Lines[0].Verdict == Bad; bad != want {
				t.Errorf("%q: the verdict is %s", text, j.Lines[0].Verdict)
			}
		}
	}
}
