package diagnose

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
)

// Options say what is looked at, and for how long.
type Options struct {
	Filter Filter
	For    time.Duration // between the first look and the last
	// Owners finds the processes that listen. nil: nobody can tell.
	Owners func(context.Context) ([]Owner, error)
	// UnitOf names the unit of a control group, "" for none. It may be nil.
	UnitOf func(cgroup uint64) string
	// Within runs f on a thread of the network namespace that is looked at. nil: it is our own.
	Within func(f func() error) error
	// Passed is told from time to time how much of For has passed. It may be nil.
	Passed func(time.Duration)
}

// Result is what was found.
type Result struct {
	Findings []rules.Finding
	Unjudged []rules.Unjudged
	Judged   Judged // what no finding of means that it is not so

	Lasted           time.Duration
	Looks            int
	Sockets, Sending int           // connections at the last look, and those that sent something
	Born, Gone       int           // that came and went between the looks: of those that went nothing is known
	Sampled          float64       // the share of the connections that were followed
	ProgramShare     float64       // of the time in which there was nothing to send
	Took             time.Duration // the first look
	Spreads          []Spread
	Services         []Service
}

// betweenShare is how much of the time looks in between may take, and mostBetween how many there are.
const (
	betweenShare = 20
	mostBetween  = 8
)

// Run looks twice, and in between as often as that is cheap, and judges what it has seen.
func Run(ctx context.Context, h host.Host, o Options) (r Result, err error) {
	if !h.Live() {
		return r, host.ErrNoKernel
	}
	all, err := rules.Load()
	if err != nil {
		return r, err
	}
	within := o.Within
	if within == nil {
		within = func(f func() error) error { return f() }
	}
	w := witness{census: newCensus(h, o.Filter)}
	w.look(ctx, h, o)
	began := time.Now()
	if err = within(func() error { return w.begin(h) }); err != nil {
		return r, fmt.Errorf("cannot look at the sockets: %w", host.Cause(err))
	}
	r.Took = time.Since(began)
	pause := max(o.For/(mostBetween+1), betweenShare*r.Took)
	for last := false; !last; {
		left := o.For - time.Since(w.began)
		wait, look := pause, w.census.look
		if last = left < 2*pause; last {
			wait, look = left, func() error { return w.end(h) }
		}
		if err := sleep(ctx, wait, func() { o.passed(time.Since(w.began)) }); err != nil {
			return r, err
		}
		if err := within(look); err != nil {
			return r, fmt.Errorf("cannot look at the sockets: %w", host.Cause(err))
		}
	}
	subjects := w.subjects(o)
	r.Findings, r.Unjudged = rules.Evaluate(all, subjects)
	r.Judged = w.judged(all, subjects, o)
	w.tell(&r)
	r.Findings = besides(all, r.Findings, r.Unjudged)
	r.Spreads, r.Services = w.census.spreads.told(), w.census.spent(o.UnitOf)
	return r, nil
}

// besides has that nothing else limits likely at most, where something could not be judged.
func besides(all []rules.Rule, found []rules.Finding, unjudged []rules.Unjudged) []rules.Finding {
	for i, f := range found {
		nothingElse := func(r rules.Rule) bool { return r.ID == f.Rule && slices.Contains(r.Unless, "any") }
		if len(unjudged) > 0 && f.Certainty == rules.Certain && slices.ContainsFunc(all, nothingElse) {
			found[i].Certainty = rules.Likely
		}
	}
	return found
}

func (o Options) passed(t time.Duration) {
	if o.Passed != nil {
		o.Passed(min(t, o.For))
	}
}

// tick is how often it is told that time passes.
const tick = 250 * time.Millisecond

func sleep(ctx context.Context, d time.Duration, passed func()) error {
	for until := time.Now().Add(d); ; {
		passed()
		left := time.Until(until)
		if left <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(min(left, tick)):
		}
	}
}

// witness has seen a namespace at the first look and at the last.
type witness struct {
	census       *census
	first, last  tables
	began        time.Time
	lasted       time.Duration
	owners       seen[[]Owner]
	before, then map[int]seen[process]
}

var errNotAsked = errors.New("nobody was asked which processes listen")

// seconds is how long it lasted, as one says it.
func (w *witness) seconds() float64 {
	s := w.lasted.Seconds()
	if s < 1 {
		return math.Round(100*s) / 100
	}
	return math.Round(s)
}

// look finds the processes that listen.
func (w *witness) look(ctx context.Context, h host.Host, o Options) {
	w.owners.err = errNotAsked
	if o.Owners != nil {
		w.owners = see(o.Owners(ctx))
	}
	w.before = w.processes(h, o)
}

func (w *witness) processes(h host.Host, o Options) map[int]seen[process] {
	all := map[int]seen[process]{}
	for _, owner := range w.owners.value {
		if _, asked := all[owner.Pid]; owner.Pid == 0 || asked || !o.Filter.concerns(owner) {
			continue
		}
		all[owner.Pid] = see(readProcess(h, owner.Pid))
	}
	return all
}

func (w *witness) begin(h host.Host) error {
	w.first = readTables(h)
	w.census.outgoing, _ = w.first.outgoing() // the last tables tell why not
	w.began = time.Now()
	return w.census.look()
}

func (w *witness) end(h host.Host) error {
	err := w.census.look()
	w.lasted = time.Since(w.began)
	w.last = readTables(h)
	w.then = map[int]seen[process]{}
	for pid := range w.before {
		w.then[pid] = see(readProcess(h, pid))
	}
	w.census.sum(w.lasted)
	return err
}

func (w *witness) tell(r *Result) {
	c := w.census
	r.Lasted, r.Looks, r.Sockets, r.Born, r.Gone = w.lasted, c.looks, c.seen, c.born, c.gone
	r.Sampled = 1 / float64(c.mask+1)
	var total, program float64
	for _, g := range c.groups {
		r.Sending += g.active
		total, program = total+g.total, program+g.spent[byProgram]
	}
	if total > 0 {
		r.ProgramShare = program / total
	}
	unseen := func(target, why string) {
		for _, rule := range []string{"descriptors", "cpu-throttled", "memory-limit"} {
			r.Unjudged = append(r.Unjudged, rules.Unjudged{Rule: rule, Target: target, Why: why})
		}
	}
	if w.owners.err != nil {
		unseen("host", "who listens is not known: "+w.owners.err.Error())
	}
	for _, o := range w.owners.value {
		if o.Pid == 0 && o.Why != "" && c.filter.concerns(o) {
			unseen(fmt.Sprintf("port %d", o.Port), o.Why)
		}
	}
	if c.filter.Narrow() && c.seen == 0 && len(c.listeners) == 0 {
		r.Unjudged = append(r.Unjudged, rules.Unjudged{
			Rule: "application", Target: c.filter.Name(), Why: "no TCP socket of it was seen",
		})
	}
	if c.uninformed > 0 {
		r.Unjudged = append(r.Unjudged, rules.Unjudged{
			Rule: "application", Target: "host", Why: fmt.Sprintf("the kernel told nothing of %d connections but that they are there", c.uninformed),
		})
	}
}
