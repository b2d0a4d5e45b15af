package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

// tries is how often a point is aimed at. strace counts for each thread, and Go moves between threads as it likes: a
// shot can miss. The trace tells, and it is repeated.
const tries = 200

var errMissed = errors.New("never hit")

// aim is the count to aim with at the given try, from 0: that of one thread first, then what it would be when some of
// the calls before were made by others.
func (p point) aim(try int) int { return p.nth - (try/2)%p.nth }

// killed kills each of the scenarios, before each of what may come next, at the calls that of names; what says the sum of it.
func (l lab) killed(t *testing.T, scenarios []scenario, of func(call) bool, what string) {
	t.Helper()
	var sum tally
	for _, sc := range scenarios {
		for _, n := range sc.next {
			got, failures := l.killAt(t, sc, n, of)
			for _, err := range failures {
				t.Error(err)
			}
			if got.hit != got.points {
				t.Errorf("%d points were not hit", got.points-got.hit)
			}
			t.Logf("SIGKILL in %s, then %s: %s", sc.name, strings.Join(n.argv[:min(2, len(n.argv))], " "), got)
			sum = sum.plus(got)
		}
	}
	t.Attr("count", fmt.Sprintf("SIGKILL %s: %s%s", what, sum, l.sampled()))
}

// killAt kills sc at the beginning of each of the calls that of names, and once more when it has made all of them, and
// then goes on with n. Killed at its beginning, a call is not made at all (ptrace(2): the kernel skips it), so that each
// point but the first is also the one after the call before.
func (l lab) killAt(t testing.TB, sc scenario, n next, of func(call) bool) (tally, []error) {
	t.Helper()
	points, err := l.points(t.Context(), sc, of)
	if err != nil {
		return tally{}, []error{err}
	}
	var shots, hit atomic.Int64
	failures := inParallel(len(points), func(i int) error {
		p := points[i]
		wreck, fired, err := l.killAndGoOn(t.Context(), sc, n, p)
		shots.Add(int64(fired))
		if err == nil {
			hit.Add(1)
			err = l.judge(wreck, sc, n)
		}
		if err != nil {
			return fmt.Errorf("%s killed at %d of %d, %s, then %s: %w", sc.name, i+1, len(points), p.text,
				strings.Join(n.argv, " "), err)
		}
		return nil
	})
	return tally{points: len(points), hit: int(hit.Load()), shots: int(shots.Load())}, failures
}

// tally counts faults: the points of an undisturbed run, those that were hit, and the runs that this took.
type tally struct{ points, hit, shots int }

func (t tally) plus(u tally) tally {
	return tally{t.points + u.points, t.hit + u.hit, t.shots + u.shots}
}

func (t tally) String() string {
	return fmt.Sprintf("%d of %d points hit (%d runs)", t.hit, t.points, t.shots)
}

// wreck is what a kill has left, and what became of it.
type wreck struct {
	victim, probe result
	torn          look
	next          ending
}

func (l lab) killAndGoOn(ctx context.Context, sc scenario, n next, p point) (w wreck, shots int, err error) {
	for try := range tries {
		hit, err := l.onHost(ctx, sc.from, func(b *box) (bool, error) {
			r, calls, err := l.victim(b, sc, p.injectArgs("signal=KILL", p.aim(try)))
			if err != nil || !p.killed(calls) {
				return false, err
			}
			w.victim = r
			if w.torn, err = b.look(); err != nil {
				return true, err
			}
			if w.probe, err = l.probed(b); err != nil {
				return true, err
			}
			w.next, err = l.futures.of(l, b, w.torn, n.argv)
			return true, err
		})
		if err != nil || hit {
			return w, try + 1, err
		}
	}
	return w, tries, errMissed
}

func (l lab) judge(w wreck, sc scenario, n next) error {
	if w.victim.code != 128+9 {
		return fmt.Errorf("it was not killed: %s", w.victim)
	}
	if err := l.whole(l, w.torn.state, w.probe, sc); err != nil {
		return err
	}
	return l.settled("next", w.next, n.states)
}

// untorn checks that the host holds nothing half-way when the program is dead.
func (l lab) untorn(torn state, _ result, sc scenario) error {
	if lines := torn.torn(l.rest[sc.from].state, l.rest[sc.to].state); lines != nil {
		return fmt.Errorf("torn: %s", strings.Join(lines, "\n  "))
	}
	return nil
}

func TestKill(t *testing.T) {
	newLab(t, program(t)).killed(t, scenarios, deadly, "before each mutating call and after the last")
}
