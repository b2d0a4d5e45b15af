package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// Rounds runs the same test several times. Where one fails it is the last, beside the error.
func Rounds(ctx context.Context, o Options, rounds int, told func(Now)) (all []report.Bench, err error) {
	for range rounds {
		b, err := Run(ctx, o, told)
		all, o.Near = append(all, b), nil // once is enough
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// Middle is the rate and the latencies of the round with the median rate, and what was counted in all of them: no
// round hides what failed in another one. The figures of each are in its Rounds.
func Middle(all []report.Bench) report.Bench {
	rates := make([]float64, len(all))
	rounds := make([]report.BenchRound, len(all))
	for i, b := range all {
		rates[i], rounds[i] = b.Rate, roundOf(b)
	}
	middle, best := median(rates), 0
	for i, r := range rates {
		if abs(r-middle) < abs(rates[best]-middle) {
			best = i
		}
	}
	b := all[best]
	b.Rounds, b.Requests, b.Errors = rounds, report.BenchRequests{}, map[string]uint64{}
	b.Connections = report.BenchConnections{
		Asked: b.Connections.Asked, Failed: map[string]uint64{}, LostIdle: map[string]uint64{},
	}
	for _, one := range all {
		r, c := one.Requests, one.Connections
		b.Requests.Sent, b.Requests.Answered = b.Requests.Sent+r.Sent, b.Requests.Answered+r.Answered
		b.Requests.Failed, b.Requests.Unsent = b.Requests.Failed+r.Failed, b.Requests.Unsent+r.Unsent
		b.Connections.Opened, b.Connections.Lost = b.Connections.Opened+c.Opened, b.Connections.Lost+c.Lost
		for _, m := range []struct{ sum, of map[string]uint64 }{
			{b.Errors, one.Errors}, {b.Connections.Failed, c.Failed}, {b.Connections.LostIdle, c.LostIdle},
		} {
			for k, n := range m.of {
				m.sum[k] += n
			}
		}
	}
	return b
}

func abs(f float64) float64 { return max(f, -f) }

func roundOf(b report.Bench) report.BenchRound {
	r := report.BenchRound{Rate: b.Rate, Failed: b.Requests.Failed + b.Requests.Unsent}
	if of := b.Requests.Sent + b.Requests.Unsent; of > 0 {
		r.FailedShare = float64(r.Failed) / float64(of)
	}
	if l := Main(b); l != nil {
		r.P50, r.P99 = l.P50, l.P99
	}
	return r
}

// FindRate looks for the highest rate whose 99th percentile, from when requests are due, stays within limit, without a
// failure: by bisection below what a closed loop reaches. Of each rate two runs have to say the same, of three at most: neither
// one quiet moment nor one busy one decides.
func FindRate(ctx context.Context, o Options, limit time.Duration, told func(Now)) (report.Bench, error) {
	if o.Protocol == Send || o.Protocol == Receive {
		why := fmt.Sprintf("cannot find a rate of protocol %s: it has no latency", o.Protocol)
		return report.Bench{}, report.Usage(why, "")
	}
	o.Rate = 1 // whatever it will be: what an open loop cannot do is refused before anything runs
	if err := o.Validate(); err != nil {
		return report.Bench{}, err
	}
	o.Rate = 0
	first, err := Run(ctx, o, told)
	if err != nil {
		return first, err
	}
	if first.Rate == 0 { // and to try no rate is to try without one
		return first, &report.Error{
			Code: CodeNoAnswer, Message: fmt.Sprintf("cannot find a rate for %s: none of its %d answers came within %s",
				o.Target.Name, first.Requests.Answered, o.Duration),
			Hint: "a longer --duration gives it time to answer",
		}
	}
	o.Near = nil // once is enough
	s := search{o: o, limit: limit, told: told, found: first}
	low, high := 0.0, first.Rate
	for range searchSteps {
		middle := (low + high) / 2
		if low == 0 {
			middle = high * 0.75
		}
		held, err := s.holds(ctx, middle)
		if err != nil {
			return s.found, err
		}
		if held {
			low = middle
		} else {
			high = middle
		}
		if low > 0 && high/low < searchEnough {
			break
		}
	}
	s.found.Rounds, s.found.Found, s.found.NotAbove = s.tried, &low, &high
	return s.found, nil
}

// search is what has been tried so far.
type search struct {
	o     Options
	limit time.Duration
	told  func(Now)
	tried []report.BenchRound
	found report.Bench // the last run that held, of a rate that did
}

// holds reports what two runs at a rate agree about.
func (s *search) holds(ctx context.Context, rate float64) (bool, error) {
	s.o.Rate = rate
	var good report.Bench
	for held, failed := 0, 0; ; {
		b, err := Run(ctx, s.o, s.told)
		if err != nil && !report.Is(err, CodeNoAnswer) {
			return false, err
		}
		r := roundOf(b)
		r.Asked = rate
		r.Held = err == nil && r.Failed == 0 && Main(b) != nil && r.P99 <= us(int64(s.limit)) && b.Rate >= rate*0.98
		s.tried = append(s.tried, r)
		if r.Held {
			held, good = held+1, b
		} else {
			failed++
		}
		switch {
		case held == 2:
			s.found = good
			return true, nil
		case failed == 2:
			return false, nil
		}
	}
}

const (
	searchSteps  = 8
	searchEnough = 1.04
)
