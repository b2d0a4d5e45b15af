package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatTakesLongIsSaidToBeWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		terminal string // CLICOLOR_FORCE
		takes    time.Duration
		want     string
	}{
		"log, short":      {"", 9 * time.Second, ""},
		"log, long":       {"", 25 * time.Second, "tcptune: waiting for x to stop (10s)\ntcptune: waiting for x to stop (20s)\n"},
		"terminal, short": {"1", 900 * time.Millisecond, ""},
		"terminal, long": {
			"1", 2500 * time.Millisecond,
			"\r\x1b[Kwaiting for x to stop (1s)\r\x1b[Kwaiting for x to stop (2s)\r\x1b[K",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CLICOLOR_FORCE", c.terminal)
			t.Setenv("NO_COLOR", "")
			synctest.Test(t, func(t *testing.T) {
				var said bytes.Buffer
				ended := waits(&said)("x to stop")
				time.Sleep(c.takes)
				ended()
				time.Sleep(time.Minute)
				if got := said.String(); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}
