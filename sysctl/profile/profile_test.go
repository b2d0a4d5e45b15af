package profile

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/report"
)

// files is a host with these files in Dir.
type files map[string]string

func (f files) ReadFile(p string) ([]byte, error) {
	text, ok := f[strings.TrimPrefix(p, Dir+"/")]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

func (f files) ReadDir(p string) ([]string, error) {
	if f == nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrNotExist}
	}
	return slices.Sorted(maps.Keys(f)), nil
}

func loadBuiltIn(t testing.TB, name string) Profile {
	t.Helper()
	p, err := Load(files(nil), loadCatalogue(t), name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// values are "key=value mode" lines of p.
func values(p Profile) []string {
	var lines []string
	for _, k := range p.Keys {
		lines = append(lines, k.Key+"="+k.Value+" "+string(k.Mode))
	}
	return lines
}

func TestEveryValueOfABuiltInProfileIsValidAndCitesItsReason(t *testing.T) {
	infos, err := List(files(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		p := loadBuiltIn(t, info.Name)
		if p.Origin != "built in" || info.Origin != "built in" || p.Summary == "" || p.Summary != info.Summary {
			t.Errorf("%s: origin %q, summary %q; listed as %+v", p.Name, p.Origin, p.Summary, info)
		}
		sized := p.Resolve(Sizing{ReceiveMax: 64 * mib, SendMax: 96 * mib})
		if sized.Computed() {
			t.Errorf("%s still has computed values: %q", p.Name, values(sized))
		}
		order := -1
		for _, k := range sized.Keys {
			key := lookup(t, k.Key)
			if err := key.Validate(k.Value); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
			if !strings.HasSuffix(k.Why, ")") || !strings.Contains(k.Why, "(") {
				t.Errorf("%s: the reason of %s cites nothing: %q", p.Name, k.Key, k.Why)
			}
			if !strings.HasPrefix(k.Source, "profiles/") || key.Order <= order {
				t.Errorf("%s: %s of %s is out of order", p.Name, k.Key, k.Source)
			}
			order = key.Order
		}
	}
}

func TestBuiltInProfilesSayWhatTheyAlwaysSaid(t *testing.T) {
	server := []string{
		"net.core.rmem_max=16777216 raise",
		"net.core.wmem_max=16777216 raise",
		"net.core.netdev_max_backlog=16384 raise",
		"net.core.default_qdisc=fq exact",
		"net.core.somaxconn=65535 raise",
		"net.ipv4.tcp_rmem=4096 131072 16777216 raise",
		"net.ipv4.tcp_wmem=4096 65536 16777216 raise",
		"net.ipv4.tcp_timestamps=1 raise",
		"net.ipv4.tcp_congestion_control=bbr exact",
		"net.ipv4.tcp_slow_start_after_idle=0 exact",
		"net.ipv4.tcp_base_mss=1024 raise",
		"net.ipv4.tcp_mtu_probe_floor=1024 raise",
		"net.ipv4.tcp_mtu_probing=1 raise",
		"net.ipv4.tcp_syncookies=1 raise",
		"net.ipv4.tcp_max_tw_buckets=262144 raise",
		"net.ipv4.tcp_fin_timeout=30 raise",
		"net.ipv4.tcp_tw_reuse=1 exact",
		"net.ipv4.tcp_keepalive_time=180 raise",
		"net.ipv4.tcp_keepalive_intvl=30 raise",
		"net.ipv4.tcp_keepalive_probes=5 raise",
	}
	replaced := func(lines ...string) []string {
		out := slices.Clone(server)
		for _, line := range lines {
			key, _, _ := strings.Cut(line, "=")
			i := slices.IndexFunc(out, func(s string) bool { return strings.HasPrefix(s, key+"=") })
			out[i] = line
		}
		return out
	}
	wan := replaced("net.core.rmem_max=$receive raise", "net.core.wmem_max=$send raise",
		"net.ipv4.tcp_rmem=4096 131072 $receive raise", "net.ipv4.tcp_wmem=4096 65536 $send raise")
	latency := slices.Insert(slices.Clone(server), 13, "net.ipv4.tcp_fastopen=3 union", "net.ipv4.tcp_notsent_lowat=131072 raise")
	proxy := append(slices.Clone(server),
		"net.ipv4.ip_local_reserved_ports=10250-10259,11211,15672,15692,25672,26379,27017-27019 union",
		"net.ipv4.ip_local_port_range=10240 65535 raise")
	for name, want := range map[string][]string{
		"server": server,
		"classic": {
			"net.ipv4.tcp_rmem=4096 65536 16777216 exact",
			"net.ipv4.tcp_wmem=4096 65536 16777216 exact",
			"net.ipv4.tcp_congestion_control=bbr exact",
			"net.ipv4.tcp_no_metrics_save=1 exact",
			"net.ipv4.tcp_tw_reuse=1 exact",
		},
		"wan":     wan,
		"latency": latency,
		"proxy":   proxy,
	} {
		if diff := cmp.Diff(want, values(loadBuiltIn(t, name))); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	if p := loadBuiltIn(t, "wan"); p.Bandwidth != 1e9 || p.RTT != 80*time.Millisecond || !p.Computed() {
		t.Errorf("wan is meant for %d bit/s, %v", p.Bandwidth, p.RTT)
	}
}

const own = `name: own
summary: ours
extends: wan
path: {rtt: 20ms}
drop: [tcp_mtu_probing]
keys:
  - key: net/core/somaxconn
    value: 0x2000
    mode: exact
    required: true
    why: measured
`

func TestAProfileOfTheHostExtendsABuiltInOne(t *testing.T) {
	host := files{"own.yaml": own}
	p, err := Load(host, loadCatalogue(t), "own")
	if err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(values(loadBuiltIn(t, "wan")), func(s string) bool { return strings.Contains(s, "mtu_probing") })
	want[slices.Index(want, "net.core.somaxconn=65535 raise")] = "net.core.somaxconn=8192 exact"
	if diff := cmp.Diff(want, values(p)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	i := slices.IndexFunc(p.Keys, func(k Wish) bool { return k.Key == "net.core.somaxconn" })
	if k := p.Keys[i]; !k.Required || k.Why != "measured" || k.Source != Dir+"/own.yaml:7" {
		t.Errorf("got %+v", k)
	}
	if p.Origin != Dir+"/own.yaml" || p.Extends != "wan" || p.Bandwidth != 1e9 || p.RTT != 20*time.Millisecond {
		t.Errorf("got %+v", p)
	}
}

func TestProfileNamesListsAllAndHidesNone(t *testing.T) {
	infos, err := List(files{"own.yaml": own, "broken.yaml": "name: [", "server.yaml": own, "README": "", ".x.yaml.swp": ""})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range infos {
		got = append(got, i.Name+" "+map[bool]string{true: "ok", false: "broken"}[i.Err == nil])
	}
	want := []string{"server ok", "classic ok", "wan ok", "latency ok", "proxy ok", "broken broken", "own ok", "server broken"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestUnknownProfiles(t *testing.T) {
	for _, name := range []string{"sever", "", "../../etc/passwd", ".hidden", "a/b"} {
		_, err := Load(files{}, loadCatalogue(t), name)
		if !report.Is(err, codeUnknown) {
			t.Errorf("%q: %v", name, err)
		}
	}
	_, err := Load(files{}, loadCatalogue(t), "sever")
	if want := `cannot find profile "sever": built in are server, classic, wan, latency, proxy, others live in /etc/tcptune/profiles.d`; err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestAFileMayNotTakeTheNameOfABuiltInProfile(t *testing.T) {
	_, err := Load(files{"server.yaml": own}, loadCatalogue(t), "server")
	if want := "cannot use /etc/tcptune/profiles.d/server.yaml: profile server is built in, give yours another name"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func BenchmarkLoadProfile(b *testing.B) {
	c := loadCatalogue(b)
	for b.Loop() {
		if _, err := Load(files(nil), c, "wan"); err != nil {
			b.Fatal(err)
		}
	}
}
