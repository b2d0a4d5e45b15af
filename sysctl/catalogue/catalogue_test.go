package catalogue

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func loadCatalogue(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func lookup(t testing.TB, name string) Key {
	t.Helper()
	k, err := loadCatalogue(t).Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// supported are the kernels of the supported Ubuntu releases, and the one that projects test on.
var supported = []KernelVersion{{5, 15}, {6, 8}, {6, 14}, {6, 17}, {6, 18}, {7, 0}}

func TestEveryEntryIsComplete(t *testing.T) {
	c := loadCatalogue(t)
	if len(c.Keys()) < 30 {
		t.Errorf("the catalogue has %d keys, want 30 at least", len(c.Keys()))
	}
	name := regexp.MustCompile(`^[a-z]+(\.[a-z0-9_-]+)+$`)
	for i, k := range c.Keys() {
		t.Run(k.Name, func(t *testing.T) {
			if !name.MatchString(k.Name) {
				t.Errorf("odd name %q", k.Name)
			}
			if k.Order != i || k.Reviewed != c.Newest() {
				t.Errorf("order %d, reviewed %s; want %d, %s", k.Order, k.Reviewed, i, c.Newest())
			}
			if len(k.Explain) < 60 || !strings.HasSuffix(k.Explain, ".") {
				t.Errorf("explain is not a paragraph: %q", k.Explain)
			}
			if len(k.Sources) == 0 || len(k.Defaults) == 0 || len(k.Fields) == 0 {
				t.Errorf("want sources, defaults and fields, have %d, %d, %d", len(k.Sources), len(k.Defaults), len(k.Fields))
			}
			if k.Scope != PerNetns && k.Scope != Global {
				t.Errorf("scope %q", k.Scope)
			}
			for _, m := range k.Myths {
				if m.Claim == "" || m.Truth == "" {
					t.Errorf("myth without claim or truth: %+v", m)
				}
			}
			if k.Instead != "" && !k.NoEffect.Known() {
				t.Errorf("what to do instead of a key with an effect: %q", k.Instead)
			}
			for _, v := range k.Words {
				if err := k.Validate(v); err != nil {
					t.Error(err)
				}
			}
			testFields(t, k)
			testDefaults(t, k)
		})
	}
}

func testFields(t *testing.T, k Key) {
	t.Helper()
	if want := map[Kind]bool{Int: true, Word: true, Bool: true, Bitmap: true, Ports: true}[k.Kind]; want != (len(k.Fields) == 1) {
		t.Errorf("a key of kind %q with %d fields", k.Kind, len(k.Fields))
	}
	for _, f := range k.Fields {
		if !slices.Contains([]Rule{AtLeast, AtMost, Exact}, f.Rule) || f.Name == "" {
			t.Errorf("field %+v has no name or no rule", f)
		}
		if k.Kind != Word && f.Min >= f.Max {
			t.Errorf("field %s has the range %d to %d", f.Name, f.Min, f.Max)
		}
		if f.Unit == "" && f.Name != "mode" && f.Rule != Exact && k.Kind != Bitmap {
			t.Errorf("field %s has no unit", f.Name)
		}
	}
	if k.Kind == Bool && (k.Fields[0].Min != 0 || k.Fields[0].Max != 1) {
		t.Errorf("a switch with the range %d to %d", k.Fields[0].Min, k.Fields[0].Max)
	}
	if k.Kind == Word && len(k.Words) == 0 {
		t.Error("a word without examples")
	}
}

func testDefaults(t *testing.T, k Key) {
	t.Helper()
	for i, d := range k.Defaults {
		if i > 0 && !k.Defaults[i-1].Since.Less(d.Since) {
			t.Errorf("defaults are not in the order of kernels: %s after %s", d.Since, k.Defaults[i-1].Since)
		}
		if d.Value == "" && d.By == "" {
			if k.Kind != Ports {
				t.Error("a default with neither value nor who decides it")
			}
			continue
		}
		if strings.Contains(d.Value, "$") != (d.Scale.Per > 0) {
			t.Errorf("$ and scale do not belong together: %+v", d)
		}
		if d.Scale.Per > 0 && !k.MemoryScaled {
			t.Error("a scaled default of a key that is not memory_scaled")
		}
		for _, memory := range []int64{1 << 28, 1 << 32, 1 << 36} {
			if d.Value == "" {
				continue
			}
			value := d.Value
			if d.Scale.Per > 0 {
				value = d.scaled(memory)
			}
			if err := k.Validate(value); err != nil {
				t.Errorf("the default itself is refused: %v", err)
			}
		}
	}
	for _, v := range supported {
		if _, ok := k.DefaultOf(v); !ok && k.OnKernel(v) == nil {
			t.Errorf("no default for Linux %s", v)
		}
	}
}

func TestKeysComeInTheOrderInWhichTheyMustBeWritten(t *testing.T) {
	for _, pair := range [][2]string{
		{"net.core.rmem_max", "net.ipv4.tcp_rmem"},
		{"net.core.wmem_max", "net.ipv4.tcp_wmem"},
		{"net.core.default_qdisc", "net.ipv4.tcp_congestion_control"},
		{"net.ipv4.tcp_timestamps", "net.ipv4.tcp_tw_reuse"},
		{"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_port_range"},
		{"net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_local_port_range"},
		{"fs.nr_open", "fs.file-max"},
		{"net.ipv4.tcp_max_reordering", "net.ipv4.tcp_reordering"},
	} {
		if first, second := lookup(t, pair[0]), lookup(t, pair[1]); first.Order >= second.Order {
			t.Errorf("%s comes after %s", first.Name, second.Name)
		}
	}
}

// What published files set for TCP services has an entry, dead keys too.
func TestTheKeysOfPublishedFilesHaveEntries(t *testing.T) {
	for _, name := range strings.Fields(`tcp_mtu_probe_floor tcp_base_mss tcp_dsack tcp_fack tcp_frto tcp_early_retrans
		tcp_reordering tcp_retries1 tcp_low_latency tcp_ecn_fallback tcp_limit_output_bytes tcp_child_ehash_entries
		tcp_plb_enabled tcp_plb_cong_thresh tcp_plb_idle_rehash_rounds tcp_plb_rehash_rounds tcp_plb_suspend_rto_sec
		tcp_shrink_window optmem_max udp_mem udp_rmem_min udp_wmem_min busy_poll busy_read rps_sock_flow_entries
		gro_normal_batch net.ipv4.neigh.default.gc_thresh1 net.ipv6.neigh.default.gc_thresh3 nf_conntrack_max
		nf_conntrack_buckets nf_conntrack_tcp_timeout_fin_wait nf_conntrack_tcp_loose nf_conntrack_udp_timeout rp_filter
		ip_forward net.ipv4.route.gc_timeout`) {
		lookup(t, name)
	}
	for _, name := range []string{"tcp_fack", "tcp_low_latency", "net.ipv4.route.gc_timeout"} {
		if k := lookup(t, name); !k.NoEffect.Known() || k.Instead == "" {
			t.Errorf("%s: without effect since %q, instead %q", k.Name, k.NoEffect, k.Instead)
		}
	}
}

func TestACatalogueThatContradictsItselfIsRefused(t *testing.T) {
	for name, data := range map[string]Data{
		"a key twice":                    {Keys: []Key{{Name: "a.b"}, {Name: "a.b"}}},
		"a correction to an unknown key": {Misspelt: []Misspelling{{Wrong: "a.b", Right: "a.c"}}},
	} {
		if _, err := New(data); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func BenchmarkLoadCatalogue(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
