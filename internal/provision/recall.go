package provision

import (
	"fmt"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// recall reads the journal for a request that changes nothing. The notes are what one that does would repair; a window
// that a reboot has ended is not in j any more.
func recall(h host.Host) (j plan.Journal, notes []string, err error) {
	if j, err = plan.ReadJournal(h); err != nil {
		return j, nil, err
	}
	boot, err := plan.BootID(h)
	if err != nil {
		return j, nil, err
	}
	notes = append(notes, j.Notices...)
	if n := j.Interrupted(); n != "" {
		notes = append(notes, n)
	}
	j = j.Forecast()
	switch {
	case j.OtherNamespace(boot):
		notes = append(notes, "what tcptune remembers of this system is about another network namespace")
	case j.Window != nil && j.Window.BootID != boot:
		notes = append(notes, "an apply was not confirmed before the reboot, which took it back")
		j.Window = nil
	case j.Window != nil:
		notes = append(notes, windowNote(h.BootClock, j.Window))
	}
	return j, notes, nil
}

// windowNote says that an apply waits for its confirmation, and for how long it still will.
func windowNote(clock func() (time.Duration, error), w *plan.Window) string {
	now, err := clock()
	rest := (w.Deadline - now + time.Second - 1).Truncate(time.Second) // up, so that 0 is really over
	if err != nil || rest <= 0 {
		return "an apply was not confirmed in time: it is taken back by its timer, or by the next tcptune command that changes this host"
	}
	return fmt.Sprintf("an apply is taken back in %s unless you run: sudo tcptune confirm", rest)
}
