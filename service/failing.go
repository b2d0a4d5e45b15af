package service

import (
	"context"
	"fmt"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// How long a service is watched that does not look as if it was up for good, and how often it is looked at meanwhile.
// The units start again after a second at the latest.
const (
	watchTime = 1200 * time.Millisecond
	watchPace = 40 * time.Millisecond
)

// fresh is how long the last words of a failure are worth showing.
const fresh = time.Minute

// A process has to be up for settling until earlier failures are history, and for those it is looked back so long
// that three are seen of one that fails every few minutes.
const (
	settling = 5 * fresh
	lookBack = often * settling
)

// often is how many failures in that time are no accident.
const often = 3

// seen is what one or more looks at a service that listens have shown.
type seen struct {
	last     host.Unit
	rose     int           // restarts while it was watched
	failed   bool          // it was seen between a failure and the next start
	failures []time.Time   // that systemd has written down lately, the oldest first
	blind    bool          // its journal cannot be read
	waiting  int           // clients that nobody has accepted
	up       time.Duration // how long the process has run
}

// watch looks at the service until it can be told whether it is up.
func watch(ctx context.Context, h host.Host, first host.Unit, listen []host.Listen) (seen, error) {
	s := seen{last: first}
	for end := time.Now().Add(watchTime); ; {
		s.failed = s.failed || between(s.last) && s.last.Result != "success"
		s.waiting = 0
		if s.last.Active != plan.Active {
			open, err := lookUp(h, listen)
			if err != nil {
				return s, err
			}
			s.waiting = open.waiting(listen)
		}
		if s.settled() || !time.Now().Before(end) {
			break
		}
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-time.After(watchPace):
		}
		u, err := h.SystemManager().Unit(ctx, first.Name)
		if err != nil {
			return s, err
		}
		s.last, s.rose = u, u.Restarts-first.Restarts
	}
	if s.last.Restarts > 0 && time.Since(s.last.Started) < settling {
		s.failures, s.blind = failures(ctx, h, first.Name, lookBack)
	}
	s.up = time.Since(s.last.Started)
	return s, nil
}

// between reports whether a service waits for its next start.
func between(u host.Unit) bool { return u.Sub == "auto-restart" || u.Sub == "auto-restart-queued" }

// starting reports whether a process runs that has not said that it is ready.
func (s seen) starting() bool { return s.last.Active == "activating" && !between(s.last) }

// settled reports whether a service runs and has not just been started again, or has nothing to do: systemd starts at
// once one for which a client waits.
func (s seen) settled() bool {
	switch s.last.Active {
	case plan.Active, "reloading", "refreshing":
		return s.last.Restarts == 0 || time.Since(s.last.Started) > 10*time.Second
	case plan.Inactive:
		return s.waiting == 0
	}
	return false
}

// failing says why a service that systemd is starting again and again does not serve, or one that it does not start, ""
// where it is not failing. One that ends by itself, with success, has not failed.
func (s seen) failing() string {
	switch {
	case s.last.Active == plan.Inactive && s.last.Unmet != nil:
		return unmet(s.last)
	case s.last.Active == plan.Inactive && s.waiting > 0:
		return fmt.Sprintf("systemd does not start %s, and %d clients wait", s.last.Name, s.waiting)
	case s.failed && (s.rose > 1 || between(s.last)), s.failsOften():
		return fmt.Sprintf("%s fails, and is started again and again: %d times so far", s.last.Name, s.last.Restarts)
	case s.blind && s.last.Restarts >= often && s.starting() && (s.failed || s.rose == 0):
		return fmt.Sprintf("%s was started again %d times, and has not said that it is ready: why is in the journal, which "+
			"whoever asks may not read", s.last.Name, s.last.Restarts)
	case s.starting() && s.waiting > 0 && s.up > watchTime:
		return fmt.Sprintf("%s has not said that it is ready since it was started %s ago, and %d clients wait", s.last.Name,
			s.up.Round(time.Second), s.waiting)
	}
	return ""
}

// failsOften reports whether the process that runs is likely to fail as those before it: it has not been up for twice as
// long as they were apart, or, however long that takes, has not said that it is ready.
func (s seen) failsOften() bool {
	n := len(s.failures)
	if s.blind {
		return s.failed && s.rose > 0 && s.last.Restarts >= often
	}
	if n < often {
		return false
	}
	apart := time.Duration(0)
	for i := n - often + 1; i < n; i++ {
		apart = max(apart, s.failures[i].Sub(s.failures[i-1]))
	}
	return s.up < 2*apart || s.last.Active == "activating"
}

// remark is what is worth saying of one that is not failing, "" for nothing.
func (s seen) remark() string {
	switch {
	case !s.failed && (between(s.last) || s.rose > 0):
		return fmt.Sprintf("%s ends by itself, without a failure, and is started again: %d times so far", s.last.Name, s.last.Restarts)
	case s.last.Active == "activating":
		return s.last.Name + " is starting"
	case s.blind && s.last.Restarts >= often && s.up < settling: // why is in the journal, which whoever asks may not read
		return fmt.Sprintf("%s was started again %d times, and now runs for %s", s.last.Name, s.last.Restarts,
			s.up.Round(time.Second))
	}
	return ""
}
