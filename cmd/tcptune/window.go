package main

import (
	"fmt"
	"time"

	"github.com/tcptune/tcptune/internal/plan"
)

// windowNote says that an apply waits for its confirmation, and for how long it still will.
func windowNote(clock func() (time.Duration, error), w *plan.Window) string {
	now, err := clock()
	rest := (w.Deadline - now).Round(time.Second)
	if err != nil || rest <= 0 {
		return "an apply was not confirmed in time and is being taken back"
	}
	return fmt.Sprintf("an apply is taken back in %s unless you run: sudo tcptune confirm", rest)
}
