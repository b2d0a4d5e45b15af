package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What nobody has thought of would be completed with nothing, and nobody would notice.
func TestAPlaceholderThatIsNotKnownIsAnError(t *testing.T) {
	for _, placeholder := range []string{"VALUE", "SHAPE", "PROFILES", "free|HELD"} {
		_, err := learn([]command{{Path: "port", Flags: []flag{{Names: []string{"--wait"}, Value: placeholder}}}})
		want := "tcptune port --wait: cannot complete " + placeholder + ": hack/completion does not know what it stands for"
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", placeholder, err, want)
		}
	}
}

func TestAPlaceholderInSmallLettersListsItsValues(t *testing.T) {
	v, err := learn([]command{{Flags: []flag{{Names: []string{"--wait"}, Value: "free|held"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]word{{Name: "free"}, {Name: "held"}}, v["free|held"]); diff != "" {
		t.Error(diff)
	}
}

func TestArgumentIsTheFirstPlaceholder(t *testing.T) {
	for text, want := range map[string]string{"": "", "KEY": "KEY", "[PLANFILE]": "PLANFILE", "PORT ...": "PORT", "[-- ARGS]": ""} {
		if got := argument(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
