package provision

import (
	"testing"

	"github.com/tcptune/tcptune/bench"
)

// The field Host of HTTP has the port where it is not the usual one, and never the zone of this machine.
func TestTheFieldHost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://h":              "h",
		"http://h:80/":          "h",
		"https://h":             "h",
		"https://h:80":          "h:80",
		"http://127.0.0.1:81":   "127.0.0.1:81",
		"http://[::1]":          "[::1]",
		"http://[::1%25lo]/":    "[::1]",
		"http://[::1%25lo]:81/": "[::1]:81",
	} {
		p, err := bench.ParsePlace(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := hostField(p); got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}
