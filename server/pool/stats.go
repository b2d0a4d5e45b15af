package pool

import "sync/atomic"

// UpstreamStats are the numbers of one upstream. Those after Waiting only grow.
type UpstreamStats struct {
	Address string
	Breaker string // "closed", "half-open" or "open"

	Open    int // connections, those that are being made included; never more than Max
	Idle    int // of these, those that wait for a request
	InUse   int // of these, the others
	Waiting int // requests that wait for a connection

	Acquired uint64 // exchanges that were begun
	Reused   uint64 // of these, those on a connection that was there already
	Timeouts uint64 // requests that got no connection within AcquireTimeout
	Retried  uint64 // requests that went on to another connection, because this one had sent nothing

	Dials      uint64 // connections that were made or tried
	DialErrors uint64 // of these, those that failed

	RetiredIdle   uint64 // connections closed because of IdleTime
	RetiredLife   uint64 // because of LifeTime
	RetiredBroken uint64 // because something went wrong on them, or something unasked came in

	BreakerOpens uint64 // how often the breaker has opened
	Refused      uint64 // requests that this upstream did not get because of its breaker; another one may have served them
}

// counters are the part of UpstreamStats that grows.
type counters struct {
	acquired, timeouts, reused, retried atomic.Uint64
	dials, dialErrors                   atomic.Uint64
	rested, aged, broken                atomic.Uint64
	opens, refusals                     atomic.Uint64
}

// Stats returns the numbers of each upstream, in the order of [New].
func (p *Pool) Stats() []UpstreamStats {
	all := make([]UpstreamStats, len(p.upstreams))
	for i, u := range p.upstreams {
		all[i] = u.snapshot()
	}
	return all
}

func (u *upstream) snapshot() UpstreamStats {
	s := UpstreamStats{
		Address:       u.address,
		Breaker:       u.breaker.State().String(),
		Acquired:      u.acquired.Load(),
		Timeouts:      u.timeouts.Load(),
		Reused:        u.reused.Load(),
		Retried:       u.retried.Load(),
		Dials:         u.dials.Load(),
		DialErrors:    u.dialErrors.Load(),
		RetiredIdle:   u.rested.Load(),
		RetiredLife:   u.aged.Load(),
		RetiredBroken: u.broken.Load(),
		BreakerOpens:  u.opens.Load(),
		Refused:       u.refusals.Load(),
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	s.Open, s.Idle, s.Waiting = u.open, len(u.idle), u.waiting.Len()
	s.InUse = s.Open - s.Idle
	return s
}
