package profile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

func TestMistakesInAProfileAreReportedWithTheirPlace(t *testing.T) {
	const head = "name: x\nsummary: s\n"
	entry := func(lines ...string) string { return head + "keys:\n  - " + strings.Join(lines, "\n    ") + "\n" }
	good := entry("key: tcp_sack", "value: 1", "mode: exact", "why: w")
	for _, c := range []struct{ rule, text, want string }{
		{"good", good, ""},
		{"a byte order mark", "\ufeff" + good, ""},
		{"empty", "", "1:1: the file is empty"},
		{"only a comment", "# nothing\n", "1:1: the file is empty"},
		{"no YAML", "name: [", "1:7: sequence end token ']' not found"},
		{"unknown field", head + "color: red\n", `3:1: unknown field "color"`},
		{"unknown field of a key", entry("key: tcp_sack", "walue: 1"), `5:5: unknown field "walue"`},
		{"repeated field", "name: x\nname: x\n", `2:1: mapping key "name" already defined at [1:1]`},
		{"two documents", good + "---\nname: y\n", "9:5: want one document, without a second one behind ---"},
		{"an alias", "name: &a x\nsummary: *a\n", "1:7: want plain YAML, without anchors, aliases, merges and tags"},
		{"a tag", head + "keys: !odd value\n", "3:7: want plain YAML, without anchors, aliases, merges and tags"},
		{"a merge", head + "path:\n  <<: {rtt: 1ms}\n", "4:3: want plain YAML, without anchors, aliases, merges and tags"},
		{"a list for a value", entry("key: tcp_rmem", "value: [4096, 131072, 6291456]"), "5:12: want one plain value here"},
		{"no text for a bool", entry("key: tcp_sack", "required: maybe"), "5:15: want true or false here"},
		{"no list", head + "extends: server\ndrop: tcp_sack\n", "4:7: this is not the form of a profile: see tcptune profile show server"},
		{"a list for all", "- a\n- b\n", "1:1: this is not the form of a profile: see tcptune profile show server"},
		{"a word for all", "server\n", "1:1: this is not the form of a profile: see tcptune profile show server"},
		{"other name", strings.Replace(good, "name: x", "name: y", 1), `1:7: want "name: x", the name of the file`},
		{"no name", "summary: s\n", `1:1: want "name: x", the name of the file`},
		{"no summary", "name: x\nkeys: []\n", "1:7: profile x has no summary"},
		{"no keys", head, "1:7: profile x has no keys"},
		{"an item without a key", entry("value: 1"), "1:7: an item under keys has no key"},
		{"no value", entry("key: tcp_sack", "mode: exact", "why: w"), "4:10: net.ipv4.tcp_sack has no value"},
		{"no mode", entry("key: tcp_sack", "value: 1", "why: w"), `4:10: mode of net.ipv4.tcp_sack must be exact, not ""`},
		{"no why", entry("key: tcp_sack", "value: 1", "mode: exact"), "4:10: net.ipv4.tcp_sack has no why: say what the value is for"},
		{"a control character", entry("key: tcp_sack", "value: 1", "mode: exact", `why: "x\0net.ipv4.tcp_dsack = 0"`), "7:10: why of net.ipv4.tcp_sack must not hold control characters"},
		{"a reason of two lines", entry("key: tcp_sack", "value: 1", "mode: exact", `why: "one\n\ttwo"`), ""},
		{"nonsense", entry("key: tcp_fin_timeout", "value: -5", "mode: exact", "why: w"), "5:12: time of net.ipv4.tcp_fin_timeout must be 1 to 3600 seconds, not -5"},
		{"misspelt", entry("key: net.ipv4.tcp_nometrics_save", "value: 1"), "4:10: net.ipv4.tcp_nometrics_save is a wrong name that circulates, no current kernel has such a key: did you mean net.ipv4.tcp_no_metrics_save?"},
		{"removed", entry("key: tcp_tw_recycle", "value: 1"), "4:10: net.ipv4.tcp_tw_recycle was removed in Linux 4.12: it broke clients behind NAT; tcp_tw_reuse=1 is what outgoing connections can use, incoming ones need nothing"},
		{"outside the catalogue", entry("key: net.ipv4.igmp_max_memberships", "value: 40", "mode: exact", "why: w"), ""},
		{"of files", entry("key: fs.pipe-max-size", "value: 2097152", "mode: exact", "why: w"), ""},
		{"of an interface", entry("key: net/ipv4/conf/eth0.100/arp_notify", "value: 1", "mode: exact", "why: w"), ""},
		{"only exact outside", entry("key: net.ipv4.igmp_max_memberships", "value: 40", "mode: raise", "why: w"), `6:11: mode of net.ipv4.igmp_max_memberships must be exact, not "raise"`},
		{"two lines outside", entry("key: net.ipv4.igmp_max_memberships", `value: "40\n41"`, "mode: exact", "why: w"), "5:12: net.ipv4.igmp_max_memberships must not hold control characters"},
		{"no such key", entry("key: net.ipv4.igmp_max_membership", "value: 40", "mode: exact", "why: w"), "4:10: net.ipv4.igmp_max_membership is not in the catalogue of keys"},
		{"outside of net and fs", entry("key: kernel.sysrq", "value: 1", "mode: exact", "why: w"), "4:10: kernel.sysrq is not in the catalogue of keys; below net. and fs. keys may stand here that it does not have, with mode exact"},
		{"a pattern", entry("key: net.ipv4.conf.*.rp_filter", "value: 1", "mode: exact", "why: w"), "4:10: net.ipv4.conf.*.rp_filter is not in the catalogue of keys; below net. and fs. keys may stand here that it does not have, with mode exact"},
		{"a word is not raised", entry("key: tcp_congestion_control", "value: bbr", "mode: raise", "why: w"), `6:11: mode of net.ipv4.tcp_congestion_control must be exact, not "raise"`},
		{"a number is not united", entry("key: somaxconn", "value: 1", "mode: union", "why: w"), `6:11: mode of net.core.somaxconn must be raise or exact, not "union"`},
		{"ports are not raised", entry("key: ip_local_reserved_ports", "value: 80", "mode: raise", "why: w"), `6:11: mode of net.ipv4.ip_local_reserved_ports must be union or exact, not "raise"`},
		{"a key twice", good + strings.TrimPrefix(strings.Replace(good, "tcp_sack", "net.ipv4.tcp_sack", 1), head+"keys:\n"), "8:10: net.ipv4.tcp_sack is set twice, first in line 4"},
		{"unknown parent", head + "extends: sever\n", `3:10: cannot find profile "sever": built in are server, classic, wan, latency, proxy, others live in /etc/tcptune/profiles.d`},
		{"its own parent", head + "extends: x\n", "3:10: profiles extend each other in a circle: x -> x"},
		{"drops what is not there", head + "extends: server\ndrop: [tcp_sack]\n", `4:8: cannot drop net.ipv4.tcp_sack: profile "server" does not set it`},
		{"drops an unknown key", head + "extends: server\ndrop: [tcp_sak]\n", "4:8: tcp_sak is not in the catalogue of keys: did you mean net.ipv4.tcp_sack?"},
		{"no path", head + "path: {rtt: far}\nextends: server\n", `3:13: cannot read round-trip time "far": want a number and a unit, as in 80ms`},
		{"unknown placeholder", entry("key: somaxconn", "value: $size", "mode: exact", "why: w"), `5:12: limit of net.core.somaxconn must be a whole number, not "$size"`},
	} {
		_, err := Load(files{"x.yaml": c.text}, loadCatalogue(t), "x")
		var at *report.Error
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.rule, err)
			}
		} else if !errors.As(err, &at) || err.Error() != Dir+"/x.yaml:"+c.want {
			t.Errorf("%s:\n got %v\nwant %s/x.yaml:%s", c.rule, err, Dir, c.want)
		}
	}
}

func TestACircleOfProfilesIsNamed(t *testing.T) {
	text := func(name, parent string) string { return "name: " + name + "\nsummary: s\nextends: " + parent + "\n" }
	host := files{"a.yaml": text("a", "b"), "b.yaml": text("b", "c"), "c.yaml": text("c", "a")}
	_, err := Load(host, loadCatalogue(t), "a")
	if want := Dir + "/c.yaml:3:10: profiles extend each other in a circle: a -> b -> c -> a"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func FuzzProfile(f *testing.F) {
	f.Add(own)
	f.Add("name: own\nsummary: s\nkeys: [{key: tcp_sack, value: 1, mode: exact, why: w}]\n")
	f.Add("name: own\nsummary: A\nkeys: !0 0\n")
	f.Add("name: &a own\nsummary: *a\nextends: own\n")
	f.Add("name: own\nsummary: |\n  s\nkeys:\n- key: tcp_rmem\n  value: 4096 131072 $receive\n  mode: raise\n  why: >-\n    w\n")
	c := loadCatalogue(f)
	place := regexp.MustCompile(`^\S+:[1-9]\d*:[1-9]\d*: .`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Load(files{"own.yaml": text}, c, "own")
		if err != nil && !place.MatchString(err.Error()) {
			t.Errorf("an error without a place: %v", err)
		}
		for _, k := range p.Resolve(Sizing{ReceiveMax: 16 * mib, SendMax: 16 * mib}).Keys {
			if err := lookup(t, k.Key).Validate(k.Value); err != nil {
				t.Errorf("an invalid value came through: %v", err)
			}
		}
	})
}

// What costs the parser most, in little text: each is refused before it is parsed, and so at once.
func TestYAMLThatNobodyWritesIsNotParsed(t *testing.T) {
	t.Parallel()
	const size = 60_000
	for _, part := range []string{
		"[", "{", "[]", "[],", "- ", "? ", ": ", "!!a ", "---\n", "'", `"`, "%", "&a ", "*a ", `"a",`, "|\n", "a:\n", "k: 1\n",
		"- key: a\n", "a: &a [*a, *a]\n", " x\n", "x\r\n", "\"\\\n",
	} {
		_, err := Parse([]byte(strings.Repeat(part, size/len(part))), "/etc/tcptune/profiles.d/x.yaml")
		if err == nil || !strings.Contains(err.Error(), "more than 4000 signs") && !strings.Contains(err.Error(), "more than 32 things") {
			t.Errorf("%q: %v", part, err)
		}
	}
}

func TestAProfileOfEveryKeyIsModest(t *testing.T) {
	t.Parallel()
	text := "name: x\nsummary: all there is\nkeys:\n"
	for i := range 160 {
		text += fmt.Sprintf("  - key: net.ipv4.key_%d\n    value: \"4096, 131072: 16777216\"\n    mode: at-least\n    why: it's a long-winded, [quoted] (reason); see https://docs.example/%d\n", i, i)
	}
	if err := modest([]byte(text)); err != nil {
		t.Error(err)
	}
}
