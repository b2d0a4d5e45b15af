package catalogue

import "testing"

func TestValidate(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"tcp_fin_timeout", "30", ""},
		{"tcp_fin_timeout", " 0x1e\n", ""},
		{"tcp_fin_timeout", "-5", "time of net.ipv4.tcp_fin_timeout must be 1 to 3600 seconds, not -5"},
		{"tcp_fin_timeout", "30s", `time of net.ipv4.tcp_fin_timeout must be a whole number, not "30s"`},
		{"tcp_fin_timeout", "", `net.ipv4.tcp_fin_timeout wants one number, not ""`},
		{"tcp_fin_timeout", "99999999999999999999", "time of net.ipv4.tcp_fin_timeout must be 1 to 3600 seconds, not 99999999999999999999"},
		{"tcp_rmem", "4096\t131072\t16777216", ""},
		{"tcp_rmem", "4096 131072", `net.ipv4.tcp_rmem wants 3 numbers (min, default, max), not "4096 131072"`},
		{"tcp_rmem", "8192 131072 0", "max of net.ipv4.tcp_rmem must be 4096 to 2147483647 bytes, not 0"},
		{"tcp_rmem", "8192 131072 65536", "max of net.ipv4.tcp_rmem must not be below its default: 65536 < 131072"},
		{"tcp_sack", "2", "switch of net.ipv4.tcp_sack must be 0 to 1, not 2"},
		{"tcp_tw_reuse", "1_0", `mode of net.ipv4.tcp_tw_reuse must be a whole number, not "1_0"`},
		{"tcp_tw_reuse", "+1", `mode of net.ipv4.tcp_tw_reuse must be a whole number, not "+1"`},
		{"tcp_tw_reuse", "0b1", `mode of net.ipv4.tcp_tw_reuse must be a whole number, not "0b1"`},
		{"tcp_congestion_control", "bbr", ""},
		{"tcp_congestion_control", "bbr ", `net.ipv4.tcp_congestion_control must be a name of 1 to 15 letters, digits, '_' and '-', not "bbr "`},
		{"default_qdisc", "", `net.core.default_qdisc must be a name of 1 to 15 letters, digits, '_' and '-', not ""`},
		{"ip_local_port_range", "65535 10240", "high of net.ipv4.ip_local_port_range must not be below its low: 10240 < 65535"},
		{"ip_local_reserved_ports", "", ""},
		{"ip_local_reserved_ports", "8080,9000-9010", ""},
		{"ip_local_reserved_ports", "70000", `"70000" is no port list: want ports of 0 to 65535 and ranges of them, as in 8080,9000-9010`},
		{"tcp_fastopen", "0x403", ""},
		{"tcp_fastopen", "-1", "flags of net.ipv4.tcp_fastopen must be 0 to 1543, not -1"},
		{"tcp_fastopen", "9", "flags of net.ipv4.tcp_fastopen must be made of 0x1, 0x2, 0x4, 0x200, 0x400, not 0x9"},
		{"fs.file-max", "9223372036854775807", ""},
	} {
		got := ""
		if err := lookup(t, c.key).Validate(c.value); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s=%q:\n got %q\nwant %q", c.key, c.value, got, c.want)
		}
	}
}

func TestNormal(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"tcp_rmem", "4096\t131072\t6291456\n", "4096 131072 6291456"},
		{"tcp_rmem", "0x1000 0200000 6291456", "4096 65536 6291456"},
		{"tcp_rmem", "four  five", "four five"},
		{"tcp_fastopen", "0x403", "1027"},
		{"tcp_congestion_control", "bbr\n", "bbr"},
		{"ip_local_reserved_ports", "9005-9010,8080,9000-9004,8080", "8080,9000-9010"},
		{"ip_local_reserved_ports", "\n", ""},
		{"ip_local_reserved_ports", "x,y", "x,y"},
	} {
		if got := lookup(t, c.key).Normal(c.value); got != c.want {
			t.Errorf("%s: %q is %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

func TestEnoughAndBetterFollowTheRuleOfEachField(t *testing.T) {
	for _, c := range []struct {
		key, have, want string
		enough          bool
		better          string
	}{
		{"tcp_rmem", "4096 131072 33554432", "4096 131072 16777216", true, "4096 131072 33554432"},
		{"tcp_rmem", "4096 131072 6291456", "4096 65536 16777216", false, "4096 131072 16777216"},
		{"ip_local_port_range", "32768 60999", "10240 65535", false, "10240 65535"},
		{"ip_local_port_range", "1024 60999", "10240 65535", false, "1024 65535"},
		{"tcp_fin_timeout", "60", "30", false, "30"},
		{"tcp_fin_timeout", "15", "30", true, "15"},
		{"somaxconn", "65536", "65535", true, "65536"},
		{"tcp_tw_reuse", "2", "1", false, "2"},
		{"tcp_sack", "1", "1", true, "1"},
		{"tcp_congestion_control", "cubic", "bbr", false, "cubic"},
		{"tcp_fastopen", "0x3", "1", true, "3"},
		{"tcp_fastopen", "1", "2", false, "3"},
		{"ip_local_reserved_ports", "8000-9000", "8080,8443", true, "8000-9000"},
		{"ip_local_reserved_ports", "8080", "8081-8083", false, "8080-8083"},
		{"tcp_rmem", "garbage", "4096 131072 6291456", false, "4096 131072 6291456"},
		{"tcp_rmem", "4096 131072 6291456", "garbage", false, "4096 131072 6291456"},
	} {
		k := lookup(t, c.key)
		if got := k.Satisfies(c.have, c.want); got != c.enough {
			t.Errorf("%s: is %q enough for %q: %v", c.key, c.have, c.want, got)
		}
		if got := k.Better(c.have, c.want); got != c.better {
			t.Errorf("%s: better of %q and %q is %q, want %q", c.key, c.have, c.want, got, c.better)
		}
	}
}

func TestUnion(t *testing.T) {
	for _, c := range []struct{ key, a, b, want string }{
		{"tcp_fastopen", "1", "2", "3"},
		{"tcp_fastopen", "0x401", "3", "1027"},
		{"ip_local_reserved_ports", "", "8080", "8080"},
		{"ip_local_reserved_ports", "8080,9100", "9090-9099", "8080,9090-9100"},
		{"tcp_congestion_control", "cubic", "bbr", "bbr"},
	} {
		if got := lookup(t, c.key).Union(c.a, c.b); got != c.want {
			t.Errorf("%s: %q with %q is %q, want %q", c.key, c.a, c.b, got, c.want)
		}
	}
}

// FuzzValidate holds the functions on values against each other, for every key.
func FuzzValidate(f *testing.F) {
	for _, s := range []string{"4096 131072 16777216", "0x403", "-5", "bbr", "8080,9000-9010", "", "1\t2", "010", "0b1"} {
		f.Add(s, "4096 87380 6291456")
	}
	c := loadCatalogue(f)
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, k := range c.Keys() {
			normal := k.Normal(a)
			if k.Normal(normal) != normal || !k.Equal(a, normal) || !k.Satisfies(a, a) {
				t.Errorf("%s: %q is not equal to its own normal form %q", k.Name, a, normal)
			}
			if k.Validate(a) != nil || k.Validate(b) != nil {
				_, _, _ = k.Better(a, b), k.Union(a, b), k.Satisfies(a, b)
				continue
			}
			if err := k.Validate(normal); err != nil {
				t.Errorf("%s takes %q but not its normal form: %v", k.Name, a, err)
			}
			best := k.Better(a, b)
			if err := k.Validate(best); err != nil {
				t.Errorf("%s: better of %q and %q is refused: %v", k.Name, a, b, err)
			}
			if !k.Satisfies(best, a) {
				t.Errorf("%s: better of %q and %q is %q, which is not enough for the first", k.Name, a, b, best)
			}
			if again := k.Better(best, b); again != best {
				t.Errorf("%s: better of %q and %q is not settled: %q, then %q", k.Name, a, b, best, again)
			}
		}
	})
}
