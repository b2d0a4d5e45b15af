package faults

import (
	"errors"
	"testing"
)

// The harness itself: a careful program passes, a careless one is caught. Which points a careless one fails at is its
// own business, so each is tried.
func TestHarness(t *testing.T) {
	standin := build(t, "./testdata/standin")
	t.Run("a careful program passes", func(t *testing.T) {
		l := newLab(t, standin)
		for _, sc := range scenarios {
			got, failures := l.killAt(t, sc, sc.next[0], deadly)
			for _, err := range failures {
				t.Error(err)
			}
			t.Logf("%s: %s", sc.name, got)
		}
	})
	t.Run("a journal that is written too late is caught", func(t *testing.T) {
		l := newLab(t, standin, "STANDIN=late-journal")
		l.every = 1
		_, failures := l.killAt(t, scenarios[0], scenarios[0].next[1], deadly)
		caught(t, failures)
	})
	t.Run("an error that is swallowed is caught", func(t *testing.T) {
		l := newLab(t, standin, "STANDIN=false-ok")
		l.every = 1
		_, failures := l.failAt(t, scenarios[0], fails, errnos)
		caught(t, failures)
	})
}

func caught(t *testing.T, failures []error) {
	t.Helper()
	if len(failures) == 0 {
		t.Fatal("no point failed")
	}
	for _, err := range failures {
		if errors.Is(err, errMissed) {
			t.Error(err)
		}
	}
	t.Logf("%d points failed, as they should: %v", len(failures), failures[0])
}
