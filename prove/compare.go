package prove

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/prove/path"
)

// Comparison is what is to be shown.
type Comparison struct {
	Shape     path.Shape
	Sides     []Side // before and after; with Keys: after, and then a side before for each key, which lacks it
	Keys      []string
	Workloads []Workload
	Load      Load
	Rounds    int
	Lasts     time.Duration // all of it together
	Said      func(string)  // is told how far it is; may be nil
}

const (
	leastRounds = 3
	mostRounds  = 1000
	leastRun    = time.Second
	perRun      = 300 * time.Millisecond // to make a path, and to take it away
	attempts    = 3                      // for a run that the path did not carry
)

// unit is how long a workload of share 1 runs where so much time is left for all rounds but the first ones of which so
// many workloads are done, too.
func (c Comparison) unit(left time.Duration, rounds, workloads int) time.Duration {
	parts, runs := 0, 0
	for i, w := range c.Workloads {
		n := (c.Rounds - rounds) * len(c.Sides)
		if i < workloads {
			n -= len(c.Sides)
		}
		parts, runs = parts+w.Share*n, runs+n
	}
	return (left - time.Duration(runs)*perRun) / time.Duration(max(1, parts))
}

// Least is the shortest time in which c can be done.
func (c Comparison) Least() time.Duration {
	parts := 0
	for _, w := range c.Workloads {
		parts += w.Share
	}
	least := max(leastRun, 4*c.Shape.RTT)
	return (time.Duration(parts)*least + time.Duration(len(c.Workloads))*perRun) * time.Duration(c.Rounds*len(c.Sides))
}

// Check refuses what cannot be compared.
func (c Comparison) Check() error {
	if err := CheckRounds(c.Rounds); err != nil {
		return err
	}
	if least := c.Least(); c.Lasts < least {
		return report.Usage(fmt.Sprintf("cannot compare %d sides in %d rounds in %s: that takes %s",
			len(c.Sides), c.Rounds, c.Lasts, least.Round(time.Second)), "")
	}
	return nil
}

// CheckRounds refuses so many rounds where these have no confidence, or no end.
func CheckRounds(n int) error {
	if n < leastRounds || n > mostRounds {
		return report.Usage(fmt.Sprintf("cannot compare in %d rounds: from %d, the fewest that have a confidence, to %d",
			n, leastRounds, mostRounds), "")
	}
	return nil
}

// Run does all runs and compares them. What could not be measured is in the proof, with its reason, and takes nothing
// from what was; the error is about what ended it early, or kept all of it from being measured.
func (c Comparison) Run(ctx context.Context) (proof report.Proof, err error) {
	if err := c.Check(); err != nil {
		return proof, err
	}
	r := runs{Comparison: c, figures: map[string][][]Figures{}, unmeasured: map[string][]string{}, began: time.Now()}
	proof = report.Proof{
		Rounds: c.Rounds, Confidence: Confidence,
		Rows: []report.ProofRow{}, NotProvable: []report.ProofAbsence{}, NotMeasured: []report.ProofAbsence{},
	}
	defer func() { proof.Path.Measured = r.path }()
rounds:
	for round := range c.Rounds {
		for i, w := range c.Workloads {
			// What a repeated run has taken is missing from all that follow.
			unit := c.unit(c.Lasts-time.Since(r.began), round, i)
			if unit < leastRun/2 {
				r.unmeasured[w.Name] = append(r.unmeasured[w.Name], r.timeOver())
				continue
			}
			if r.round(ctx, round, w, unit*time.Duration(w.Share)); ctx.Err() != nil {
				break rounds
			}
		}
	}
	for _, w := range c.Workloads {
		for ctx.Err() != nil && len(r.figures[w.Name])+len(r.unmeasured[w.Name]) < c.Rounds {
			r.unmeasured[w.Name] = append(r.unmeasured[w.Name], "it was interrupted")
		}
		if reasons := r.unmeasured[w.Name]; len(reasons) > 0 {
			proof.NotMeasured = append(proof.NotMeasured, report.ProofAbsence{
				Target: w.Name, Reason: fmt.Sprintf("in %d of %d rounds %s", len(reasons), c.Rounds, reasons[0]),
			})
		}
	}
	proof.Rows = append(proof.Rows, r.rows()...)
	switch {
	case ctx.Err() != nil:
		return proof, context.Cause(ctx)
	case len(r.figures) == 0:
		return proof, r.failed
	}
	return proof, nil
}

// runs is a comparison that is being done.
type runs struct {
	Comparison
	figures    map[string][][]Figures // by workload, then by round, then by side
	unmeasured map[string][]string    // by workload: why a round does not count
	path       report.ProofMeasurement
	notCarried string // why a run was repeated, the last one
	failed     error  // of a run, the first one
	began      time.Time
}

// timeOver says what has taken the time.
func (r *runs) timeOver() string {
	if r.notCarried == "" {
		return "the time was over"
	}
	return "the time was over, with runs that do not count: " + r.notCarried
}

// round does one round of a workload: each side once, in another order each time. Only a round that is whole counts.
func (r *runs) round(ctx context.Context, round int, w Workload, lasts time.Duration) {
	all := make([]Figures, len(r.Sides))
	for i := range r.Sides {
		side := (i + round) % len(r.Sides)
		if r.Said != nil {
			r.Said(fmt.Sprintf("round %d of %d, %s, %s, after %s", round+1, r.Rounds, w.Name, r.Sides[side].Name,
				time.Since(r.began).Round(time.Second)))
		}
		f, reason := r.try(ctx, round, w, r.Sides[side], lasts)
		if ctx.Err() != nil {
			return
		}
		if reason != "" {
			r.unmeasured[w.Name] = append(r.unmeasured[w.Name], reason)
			return
		}
		all[side] = f
	}
	r.figures[w.Name] = append(r.figures[w.Name], all)
}

// try runs one side until the path carried it, but not forever. The reason says why it did not.
func (r *runs) try(ctx context.Context, round int, w Workload, s Side, lasts time.Duration) (f Figures, reason string) {
	for range attempts {
		if time.Since(r.began) > r.Lasts+lasts {
			return nil, r.timeOver()
		}
		shape := r.Shape
		shape.Seed += uint64(round)
		f, m, err := once(ctx, shape, s, w.Name, r.Load, lasts)
		switch {
		case ctx.Err() != nil:
			return nil, ""
		case err != nil:
			if r.failed == nil {
				r.failed = err
			}
			return nil, err.Error()
		}
		carried := m.Carried(shape)
		if carried == nil {
			r.counts(m)
			return f, ""
		}
		r.path.Repeated++
		reason = carried.Error()
		r.notCarried = reason
		if time.Since(r.began)+lasts > r.Lasts {
			break
		}
	}
	return nil, reason
}

// once does a workload over a path of its own, both ends of which have the values of s.
func once(ctx context.Context, shape path.Shape, s Side, workload string, load Load, lasts time.Duration) (
	f Figures, m path.Measured, err error,
) {
	p, err := path.New(shape)
	if err != nil {
		return nil, m, err
	}
	if _, err = Set(s, p); err == nil {
		f, err = load(ctx, p, workload, lasts)
	}
	m, failed := p.Close()
	return f, m, errors.Join(err, context.Cause(ctx), failed)
}

// counts adds what the path gave in a run that counts.
func (r *runs) counts(m path.Measured) {
	all := &r.path
	before, now := float64(all.Packets), float64(m.Packets)
	average := func(old, recent float64) float64 { return (old*before + recent*now) / (before + now) }
	all.Runs++
	all.Delay = average(all.Delay, m.Delay.Seconds()*1e3)
	all.Loss = average(all.Loss, m.Lost)
	all.Packets += m.Packets
	all.Overflowed += m.Overflowed
	all.Rate = max(all.Rate, m.Rate)
	all.LateP99 = max(all.LateP99, m.LateP99.Seconds()*1e6)
	all.LateMax = max(all.LateMax, m.LateMax.Seconds()*1e6)
}

// rows compares what both sides have in as many rounds as a confidence needs.
func (r *runs) rows() (rows []report.ProofRow) {
	for _, w := range r.Workloads {
		for _, m := range w.Metrics {
			add := func(key string, from, to int) {
				var before, after []float64
				for _, sides := range r.figures[w.Name] {
					b, hasB := sides[from][m.Name]
					a, hasA := sides[to][m.Name]
					if hasB && hasA {
						before, after = append(before, b), append(after, a)
					}
				}
				if len(before) >= leastRounds {
					row := judge(m, before, after)
					row.Key, row.Workload = key, w.Name
					rows = append(rows, row)
				}
			}
			if len(r.Keys) == 0 {
				add("", 0, 1)
			}
			for i, key := range r.Keys {
				add(key, 1+i, 0)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b report.ProofRow) int {
		return slices.Index(r.Keys, a.Key) - slices.Index(r.Keys, b.Key)
	})
	return rows
}

// Refused gives both ends of a path the values of each side, and says which a namespace does not take.
func Refused(sides []Side, p *path.Path) (map[string]string, error) {
	all := refusals{}
	for _, s := range sides {
		refused, err := Set(s, p)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, refused)
	}
	return all, nil
}
