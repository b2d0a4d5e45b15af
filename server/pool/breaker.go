package pool

import (
	"errors"

	"github.com/sony/gobreaker/v2"
)

func newBreaker(u *upstream) *gobreaker.CircuitBreaker[struct{}] {
	limits := u.config.Breaker
	return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        u.address,
		MaxRequests: uint32(limits.Probes),
		Timeout:     limits.Open,
		// A closed breaker forgets in ten steps.
		Interval:     limits.Window,
		BucketPeriod: max(limits.Window/10, 1),
		ReadyToTrip:  u.isBroken,
		IsExcluded: func(err error) bool {
			f, ok := errors.AsType[failure](err)
			return ok && (f.why == stale || f.why == abandoned || f.why == excused)
		},
		OnStateChange: func(_ string, _, to gobreaker.State) { u.turn(to) },
	})
}

// isBroken decides whether a failure opens the breaker. That no connection can be made is no client's fault. Exchanges
// that fail may be: so they have to be many, a share of all, and of more than one client.
func (u *upstream) isBroken(counts gobreaker.Counts) bool {
	limits := u.config.Breaker
	if u.unreachedInARow.Load() >= int64(limits.Failures) {
		return true
	}
	made := counts.TotalSuccesses + counts.TotalFailures
	return made >= uint32(limits.Least) && float64(counts.TotalFailures) >= limits.Share*float64(made) &&
		u.failing.several()
}

// turn follows the breaker, whose lock is held. When it opens, requests that wait are refused at once, and what is idle
// is closed: the upstream may have forgotten those connections, and each would cost the next probe.
func (u *upstream) turn(to gobreaker.State) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.refusing = to == gobreaker.StateOpen
	if u.refusing {
		u.opens.Add(1)
		u.broken.Add(uint64(len(u.idle)))
		u.drain()
	}
}

// refuses tells whether the breaker is open. Asking is what makes it half open when its time is over.
func (u *upstream) refuses() bool {
	if u.breaker.State() != gobreaker.StateOpen {
		return false
	}
	u.refusals.Add(1)
	return true
}
