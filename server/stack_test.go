package server

import (
	"runtime"
	"testing"
)

// A goroutine begins with 2 KiB of stack, and doubles it when a call does not fit: for each of a million connections.
func TestAConnectionThatWaitsNeedsNoMoreThanTheSmallestStack(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes other stacks")
	}
	const clients, most = 500, 3 << 10
	r := open(t, Config{Handler: Messages(echo{})})
	stacks := func() int64 { // of what ends meanwhile, too: it may become less
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.StackInuse)
	}
	before := stacks()
	for range clients {
		c := r.dial()
		c.say("hello")
		c.hears("hello")
	}
	if each := (stacks() - before) / clients; each > most {
		t.Errorf("each takes %d bytes of stack, want at most %d", each, most)
	}
}
