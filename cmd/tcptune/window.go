package main

import (
	"fmt"
	"time"

	"github.com/tcptune/tcptune/internal/plan"
)

// windowNote says that an apply waits for its confirmation, and for how long it still will.
func windowNote(clock func() (time.Duration, error), w *plan.Window) string {
	now, err := clock()
	rest := (w.Deadline - now + time.Second - 1).Truncate(time.Second) // up, so that 0 is really over
	if err != nil || rest <= 0 {
		return "an apply was not confirmed in time: it is taken back by its timer, or by the next tcptune command that changes this host"
	}
	return fmt.Sprintf("an apply is taken back in %s unless you run: sudo tcptune confirm", rest)
}
