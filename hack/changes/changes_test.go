package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/sysctl/catalogue"
)

func TestPageIsAsGenerated(t *testing.T) {
	want, err := render()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/what-it-changes.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/what-it-changes.md differs, run make generate:\n%s", diff)
	}
}

// Not only that the file is what the program prints, but that the program leaves nothing out.
func TestPageHasEveryKeyWithItsReasons(t *testing.T) {
	text, err := render()
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	says := func(what string) {
		t.Helper()
		if !strings.Contains(text, what) {
			t.Errorf("the page does not say %q", what)
		}
	}
	if m := regexp.MustCompile(`(?m)^- [a-z ]+:(?: decided by)?\s*(?:\(.*)?$`).FindString(text); m != "" {
		t.Errorf("the page begins a line and does not end it: %q", m)
	}
	for _, k := range cat.Keys() {
		says("\n### " + k.Name + "\n\n" + escape(k.Explain) + "\n")
		for _, m := range k.Myths {
			says(escape(m.Truth))
		}
		for _, d := range k.DefaultLines() {
			says("- default: " + escape(d))
		}
	}
	f, err := collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Profiles {
		for _, k := range p.Keys {
			says(" | " + value(k.Value) + " | " + string(k.Mode))
			says(escape(k.Why))
		}
	}
}
