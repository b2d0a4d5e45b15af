package whowins

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/whowins"
)

// numbered repeats a line with %d in it.
func numbered(line string, times int) string {
	var text strings.Builder
	for i := range times {
		fmt.Fprintf(&text, line, i)
	}
	return text.String()
}

// unread are the files that could set anything, with what is said of them.
func unread(f *Forecaster) (said []string) {
	for _, p := range f.Problems() {
		if p.Unread {
			said = append(said, p.String())
		}
	}
	return said
}

func TestWhatDoesNotFitIsSaidAndNotRead(t *testing.T) {
	const lines = "cannot read: more than the 4000 lines that all files of sysctl together can have"
	const wildcards = "cannot read: more than the 500 wildcards that all files of sysctl together can have"
	for rule, test := range map[string]struct{ text, want string }{
		"lines that fit":               {numbered("net.a%d = 1\n", maxLines-1), ""},
		"too many lines":               {numbered("net.a%d = 1\n", maxLines+1), lines},
		"by carriage returns":          {numbered("net.a%d = 1\r", maxLines+1), lines},
		"a key of many lines":          {numbered("net."+strings.Repeat("a/", 100)+"%d = 1\n", maxLines/3), lines},
		"wildcards that fit":           {numbered("net.*.a%d = 1\n", maxWildcards), ""},
		"too many wildcards":           {numbered("net.*.a%d = 1\n", maxWildcards+1), wildcards},
		"exclusions count":             {numbered("-net.*.a%d\n", maxWildcards+1), wildcards},
		"braces multiply":              {"net.*" + strings.Repeat("{a,b,c,d}", 9) + " = 1\n", wildcards},
		"so do nested ones":            {"net.*" + strings.Repeat("{a,{b,", 20) + strings.Repeat("}}", 20) + " = 1\n", wildcards},
		"a long one":                   {"net." + strings.Repeat("*a", 200_000) + " = 1\n", lines},
		"in a value it is no wildcard": {numbered("kernel.a%d = *\n", maxWildcards+1), ""},
		"in a comment neither":         {numbered("# net.*.a%d\n", maxWildcards+1), ""},
	} {
		f := forecaster(t, whowins.Files(contents{
			"/etc/sysctl.d/10-a.conf": test.text, "/etc/sysctl.d/20-b.conf": "net.core.somaxconn = 2\n",
		}), noble())
		got := strings.TrimPrefix(strings.Join(unread(f), "; "), "/etc/sysctl.d/10-a.conf: ")
		if got != test.want {
			t.Errorf("%s: got %q, want %q", rule, got, test.want)
		}
		// What fits still counts.
		if o := f.Key("net.core.somaxconn").Reboot; o.Set == nil || o.Set.Value != "2" {
			t.Errorf("%s: another file decides, got %+v", rule, o)
		}
	}
}

func TestTheFilesOfAToolAreBoundedTogether(t *testing.T) {
	files := contents{}
	for i := range 10 {
		files[fmt.Sprintf("/etc/sysctl.d/%d.conf", i)] = "# " + strings.Repeat("x", 600<<10) + "\n"
	}
	said := unread(forecaster(t, whowins.Files(files), noble()))
	if len(said) != 3 || !strings.HasSuffix(said[0], ": longer than the 4 MiB that all files of sysctl together can have") {
		t.Errorf("got %q", said)
	}
}

// A file can have a name that procps takes for a pattern of all the others, and so can each of them.
func TestNamesThatStandForEachOtherAreBounded(t *testing.T) {
	files := contents{}
	for i := range 80 {
		files[fmt.Sprintf("/etc/sysctl.d/*%d*.conf", i)] = "net.a = 1\n"
	}
	files["/etc/sysctl.d/"+strings.Repeat("{a,b,c,d,e,f,g,h}", 9)+".conf"] = "net.b = 1\n"
	for i := range 600 {
		files[fmt.Sprintf("/etc/sysctl.d/1%d.conf", i)] = "net.a = 1\n"
	}
	said := unread(forecaster(t, whowins.Files(files), noble()))
	if len(said) != 1 || !strings.Contains(said[0], "there are more files than the 2048 that sysctl can have") {
		t.Errorf("got %q", said)
	}
}

func TestOfManyLosersTheFirstAreNamed(t *testing.T) {
	text := strings.Repeat("net.ipv4.tcp_sack = 0\nnet.ipv4.tcp_sack = 1\n", maxLines/2-1)
	f := forecaster(t, whowins.Files(contents{"/etc/sysctl.d/10-a.conf": text}), noble())
	if o := f.Key("net.ipv4.tcp_sack").Reboot; o.Set == nil || o.Set.Value != "1" || len(o.Set.Shadowed) != maxShadowed {
		t.Errorf("got %+v", o.Reason)
	}
}

func TestAListOfTuneDIsBounded(t *testing.T) {
	for rule, files := range map[string]contents{
		"profiles": {"/etc/tuned/active_profile": strings.Repeat("a b ", 1000)},
		"folders": {
			"/etc/tuned/active_profile": "x", "/etc/tuned/tuned-main.conf": "profile_dirs = " + numbered("/a%d,", 1000),
		},
		"patterns": {
			"/etc/tuned/active_profile": "x", "/etc/tuned/x/tuned.conf": "[sysctl]\nnet.ipv4.tcp_sack = 0\n",
			"/etc/tuned/tuned-main.conf": "reapply_sysctl_exclude = " + numbered("*%d*,", 1000),
		},
	} {
		files["/etc/systemd/system/multi-user.target.wants/tuned.service"] = ""
		if said := unread(forecaster(t, whowins.Files(files), noble())); len(said) != 1 || !strings.Contains(said[0], "more than 256 ") {
			t.Errorf("%s: got %q", rule, said)
		}
	}
}

func FuzzWeigh(f *testing.F) {
	f.Add("net.*.{a,b} = 1\r# {\n-x{a,{b,c}}*\x00")
	f.Fuzz(func(t *testing.T, text string) {
		lines, wildcards := weigh([]byte(text))
		parsed, globs := 0, 0
		for _, ru := range []rules{systemdRules(255), procpsRules("4.0.4"), procpsRules("3.3.17"), tunedRules("2.22")} {
			list := ru.parse([]byte(text), Origin{}, func(Origin, string) {})
			patterns := 0
			for _, a := range list {
				if isGlob(a.path) {
					patterns += len(braces(a.path))
				}
			}
			parsed, globs = max(parsed, len(list)), max(globs, patterns)
		}
		if parsed > lines || globs > wildcards && wildcards <= maxWildcards {
			t.Errorf("%q has %d lines and %d wildcards, got %d and %d", text, parsed, globs, lines, wildcards)
		}
	})
}
