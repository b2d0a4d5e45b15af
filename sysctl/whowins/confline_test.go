package whowins

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes assignments as a table can hold them: "path=value", with "-" in front where failures do not matter, or
// "!path" for an exclusion. Lines that are not understood are "?number".
func show(ru rules, text string) []string {
	out := []string{}
	problems := map[int]bool{}
	list := ru.parse([]byte(text), Origin{}, func(o Origin, _ string) { problems[o.Line] = true })
	for _, a := range list {
		delete(problems, a.origin.Line)
	}
	for line := range problems {
		out = append(out, fmt.Sprintf("?%d", line))
	}
	for _, a := range list {
		switch {
		case a.exclude:
			out = append(out, "!"+a.path)
		case a.ignore:
			out = append(out, "-"+a.path+"="+a.value)
		default:
			out = append(out, a.path+"="+a.value)
		}
	}
	return out
}

func TestParse(t *testing.T) {
	type want = []string
	for _, test := range []struct {
		name, text               string
		systemd, procps, procps3 want
	}{
		{"plain", "net.a=1\n", want{"net/a=1"}, want{"net/a=1"}, want{"net/a=1"}},
		{"blanks", " \tnet.a \t= \t1 2 \t\n", want{"net/a=1 2"}, want{"net/a=1 2"}, want{"net/a=1 2"}},
		{"no final newline", "net.a=1", want{"net/a=1"}, want{"net/a=1"}, want{"net/a=1"}},
		{"carriage returns", "net.a=1\r\nnet.b=2\r\n", want{"net/a=1", "net/b=2"}, want{"net/a=1", "net/b=2"}, want{"net/a=1", "net/b=2"}},
		{"a carriage return alone", "net.a=1\rnet.b=2\n", want{"net/a=1", "net/b=2"}, want{"net/a=1\rnet.b=2"}, want{"net/a=1"}},
		{"a zero byte", "net.a=1\x00net.b=2\n", want{"net/a=1", "net/b=2"}, want{"net/a=1"}, want{"net/a=1"}},
		{"comments", "#net.a=1\n ; net.a=2\n\n", want{}, want{}, want{}},
		{"no comment behind a value", "net.a=1 # one\n", want{"net/a=1 # one"}, want{"net/a=1 # one"}, want{"net/a=1 # one"}},
		{"dash", "-net.a=1\n", want{"-net/a=1"}, want{"-net/a=1"}, want{"-net/a=1"}},
		{"dash and blank", "- net.a=1\n", want{"-net/a=1"}, want{"- net/a=1"}, want{"- net/a=1"}},
		{"two dashes", "--net.a=1\n", want{"--net/a=1"}, want{"-net/a=1"}, want{"--net/a=1"}},
		{"exclusion", "-net.a\n", want{"!net/a"}, want{"!net/a"}, want{"?1"}},
		{"nonsense", "net.a\n", want{"?1"}, want{"?1"}, want{"?1"}},
		{"no key", "=1\n", want{"?1"}, want{"?1"}, want{"?1"}},
		{"equals sign in front", "=net.a=1\n", want{"?1"}, want{"?1"}, want{"net/a=1"}},
		{"no value", "net.a=\n", want{"net/a="}, want{"net/a="}, want{"?1"}},
		{"two equals signs", "net.a=1=2\n", want{"net/a=1=2"}, want{"net/a=1=2"}, want{"net/a=1=2"}},
		{"slashes", "net/a.b/c=1\n", want{"net/a.b/c=1"}, want{"net/a.b/c=1"}, want{"net/a.b/c=1"}},
		{"dots", "net.a/b.c=1\n", want{"net/a.b/c=1"}, want{"net/a.b/c=1"}, want{"net/a.b/c=1"}},
		{"separators", "/net//./a/=1\n", want{"net/a=1"}, want{"/net//./a/=1"}, want{"/net//./a/=1"}},
		{"form feed", "\fnet.a\v=1\f\n", want{"\fnet/a\v=1\f"}, want{"net/a=1"}, want{"\fnet/a\v=1\f"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for tool, check := range map[string]struct {
				rules rules
				want  want
			}{
				"systemd":  {systemdRules(255), test.systemd},
				"procps 4": {procpsRules("4.0.4"), test.procps},
				"procps 3": {procpsRules("3.3.17"), test.procps3},
			} {
				if diff := cmp.Diff(check.want, show(check.rules, test.text)); diff != "" {
					t.Errorf("%s: %s", tool, diff)
				}
			}
		})
	}
}

func TestParseLongLines(t *testing.T) {
	text := func(length int) string { return "net.a=1\n#" + strings.Repeat("x", length-1) + "\nnet.b=2\n" }
	for length, want := range map[int][]string{
		maxLine - 1: {"net/a=1", "net/b=2"},
		maxLine:     {"?2", "net/a=1"},
	} {
		if diff := cmp.Diff(want, show(systemdRules(255), text(length))); diff != "" {
			t.Errorf("systemd, %d bytes: %s", length, diff)
		}
		if got := len(show(procpsRules("4.0.4"), text(length))); got != 2 {
			t.Errorf("procps, %d bytes: %d assignments", length, got)
		}
	}
}

func TestTheKeyThatAPathLeadsTo(t *testing.T) {
	for _, test := range []struct {
		rules      rules
		path, want string
	}{
		{procpsRules("4.0.4"), "/net//./a", "net/a"},
		{procpsRules("4.0.4"), "net/a/", ""},
		{procpsRules("4.0.4"), "net/x/../a", "net/a"},
		{procpsRules("4.0.4"), "../../etc/passwd", ""},
		{systemdRules(255), "net/x/../a", ""},
		{systemdRules(249), "net/x/../a", "net/a"},
		{systemdRules(255), "net/x..y", "net/x..y"},
		{procpsRules("3.3.17"), "net/ipv4/neigh/lo/retrans_time", ""},
		{procpsRules("4.0.4"), "net/ipv4/neigh/lo/retrans_time", "net/ipv4/neigh/lo/retrans_time"},
	} {
		if got := test.rules.names(test.path); got != test.want {
			t.Errorf("names(%q) = %q, want %q", test.path, got, test.want)
		}
	}
}

func TestCollectLeavesTheListOfItsCallerAsItIs(t *testing.T) {
	list := []assignment{{path: "net/a"}, {path: "net/b"}}
	rules{}.collect(list)
	if list[0].path != "net/a" {
		t.Errorf("the list begins with %s now", list[0].path)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("net.ipv4.tcp_rmem = 4096 131072 6291456\n-net/ipv4/conf/eth0.1/tag=1\r\n# x\n-net.ipv4.tcp_*\n"))
	f.Add([]byte("=\n-\n--=\n\x00=\r\r\n//=.\n..=/"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := strings.Count(string(data), "\n") + 1
		for _, ru := range []rules{systemdRules(249), systemdRules(259), procpsRules("3.3.17"), procpsRules("4.0.7"), tunedRules("")} {
			list := ru.parse(data, Origin{}, func(o Origin, _ string) {
				if o.Line < 1 || o.Line > lines {
					t.Errorf("a problem in line %d of %d", o.Line, lines)
				}
			})
			m := ru.collect(list)
			for _, a := range list {
				if a.origin.Line < 1 || a.origin.Line > lines {
					t.Errorf("an assignment in line %d of %d", a.origin.Line, lines)
				}
				if a.key != "" {
					m.decide(a.key)
				}
			}
		}
	})
}
