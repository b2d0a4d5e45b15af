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
		ReadyToTrip: func(counts gobreaker.Counts) bool {
			return counts.ConsecutiveFailures >= uint32(limits.Failures)
		},
		IsExcluded: func(err error) bool {
			f, ok := errors.AsType[failure](err)
			return ok && (f.why == stale || f.why == abandoned)
		},
		OnStateChange: func(_ string, _, to gobreaker.State) { u.turn(to) },
	})
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
