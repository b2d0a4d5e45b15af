package whowins

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFnmatch(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"tcp_*", "tcp_rmem", true},
		{"tcp_*", "tcp_", true},
		{"*_*em", "tcp_rmem", true},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b", "xxbxxa", false},
		{"tcp_?mem", "tcp_rmem", true},
		{"tcp_?mem", "tcp_mem", false},
		{"tcp_[rw]mem", "tcp_wmem", true},
		{"tcp_[!rw]mem", "tcp_wmem", false},
		{"tcp_[^a-q]mem", "tcp_rmem", true},
		{"tcp_[]r]mem", "tcp_]mem", true},
		{"tcp_[!]]mem", "tcp_rmem", true},
		{"tcp_[a-]", "tcp_-", true},
		{"tcp_retries[[:digit:]]", "tcp_retries2", true},
		{"tcp_retries[[:digit:]]", "tcp_retriesx", false},
		{"tcp_[[:alpha:]_]*", "tcp__x", true},
		{"tcp_[r", "tcp_[r", true},
		{`tcp\_rmem`, "tcp_rmem", true},
		{`tcp_\*`, "tcp_*", true},
		{`tcp_\*`, "tcp_x", false},
		{`tcp_[\]]`, "tcp_]", true},
		{"net/*", "net/ipv4/tcp_rmem", true},
		{"", "", true},
		{"*", "", true},
		{"?", "", false},
		{strings.Repeat("a*", 40) + "b", strings.Repeat("a", 400), false},
	} {
		if got := fnmatch(test.pattern, test.name); got != test.want {
			t.Errorf("fnmatch(%q, %q) = %v", test.pattern, test.name, got)
		}
	}
}

func TestGlobKey(t *testing.T) {
	for _, test := range []struct{ pattern, key, want string }{
		{"net/ipv4/tcp_*", "net/ipv4/tcp_rmem", "net/ipv4/tcp_rmem"},
		{"net/*/tcp_rmem", "net/ipv4/tcp_rmem", "net/ipv4/tcp_rmem"},
		{"net//ipv4/./tcp_*", "net/ipv4/tcp_rmem", "net//ipv4/./tcp_rmem"},
		{"net/*", "net/ipv4/tcp_rmem", ""},
		{"net/ipv4/conf/*", "net/ipv4/conf", ""},
		{"*/ipv4/.*", "net/ipv4/tcp_rmem", ""},
	} {
		got, ok := globKey(test.pattern, test.key)
		if ok != (test.want != "") || ok && got != test.want {
			t.Errorf("globKey(%q, %q) = %q, %v", test.pattern, test.key, got, ok)
		}
	}
}

func TestBraces(t *testing.T) {
	for pattern, want := range map[string][]string{
		"a":                       {"a"},
		"a{b,c}d":                 {"abd", "acd"},
		"{a,b}{c,d}":              {"ac", "ad", "bc", "bd"},
		"a{b,c{d,e}}":             {"ab", "acd", "ace"},
		"a{b}c":                   {"abc"},
		"a{,b}":                   {"a", "ab"},
		"a{b,c":                   {"a{b,c"},
		strings.Repeat("{a,", 99): {strings.Repeat("{a,", 99)},
	} {
		if diff := cmp.Diff(want, braces(pattern)); diff != "" {
			t.Errorf("%q: %s", pattern, diff)
		}
	}
}

func FuzzFnmatch(f *testing.F) {
	f.Add("tcp_[!a-c]*{x,y}\\", "tcp_rmem")
	f.Add("[[:alpha:]-]", "-")
	f.Add("[a-", "a")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		fnmatch(pattern, name)
		globKey(pattern, name)
		for _, p := range braces(pattern) {
			if len(p) > len(pattern) {
				t.Errorf("%q expands to the longer %q", pattern, p)
			}
		}
		if !strings.ContainsAny(name, `*?[\`) && !fnmatch(name, name) {
			t.Errorf("%q does not match itself", name)
		}
		if !fnmatch("*", name) {
			t.Errorf("* does not match %q", name)
		}
	})
}
