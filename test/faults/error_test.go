package faults

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// errnos are what a full disk, a read-only or forbidden file, and a kernel that does not like a value answer.
var errnos = []string{"ENOSPC", "EACCES", "EROFS", "EINVAL"}

const partial = 4 // the exit code that says: some items were refused, each named; the rest is as wanted

// failed makes each of the scenarios fail at the calls that of names, with each errno; what says the sum of it.
func (l lab) failed(t *testing.T, scenarios []scenario, of func(call) bool, errnos []string, what string) {
	t.Helper()
	var sum tally
	for _, sc := range scenarios {
		got, failures := l.failAt(t, sc, of, errnos)
		for _, err := range failures {
			t.Error(err)
		}
		t.Logf("errors in %s: %s", sc.name, got)
		sum = sum.plus(got)
	}
	t.Attr("count", fmt.Sprintf("%s %s: %s%s", strings.Join(errnos, ", "), what, sum, l.sampled()))
}

// failAt makes each call of sc fail that of names, with each errno, and then goes on with each of sc.next in turn.
func (l lab) failAt(t testing.TB, sc scenario, of func(call) bool, errnos []string) (tally, []error) {
	t.Helper()
	points, err := l.points(t.Context(), sc, of)
	if err != nil {
		return tally{}, []error{err}
	}
	var shots, hit atomic.Int64
	failures := inParallel(len(points)*len(errnos), func(i int) error {
		at, e := i/len(errnos), i%len(errnos)
		p, errno, n := points[at], errnos[e], sc.next[(at+e)%len(sc.next)]
		victim, then, fired, err := l.failAndGoOn(t.Context(), sc, n, p, errno)
		shots.Add(int64(fired))
		if err == nil {
			hit.Add(1)
			err = l.judgeFailure(victim, then, sc, n)
		}
		if err != nil {
			return fmt.Errorf("%s, %s at %d of %d, %s: %w", sc.name, errno, at+1, len(points), p.text, err)
		}
		return nil
	})
	return tally{points: len(points) * len(errnos), hit: int(hit.Load()), shots: int(shots.Load())}, failures
}

func (l lab) failAndGoOn(ctx context.Context, sc scenario, n next, p point,
	errno string,
) (victim, then ending, shots int, err error) {
	for try := range tries {
		hit, err := l.onHost(ctx, sc.from, func(b *box) (bool, error) {
			r, calls, err := l.victim(b, sc, p.injectArgs("error="+errno, p.aim(try)))
			if err != nil || !p.failed(calls) {
				return false, err
			}
			victim.result = r
			if victim.look, err = b.look(); err != nil {
				return true, err
			}
			status, err := l.futures.of(l, b, victim.look, l.status)
			if err != nil {
				return true, err
			}
			victim.status = status.result
			then, err = l.futures.of(l, b, victim.look, n.argv)
			return true, err
		})
		if err != nil || hit {
			return victim, then, try + 1, err
		}
	}
	return victim, then, tries, errMissed
}

// judgeFailure holds the program to its word: 0 is said only when all is as wanted, 1 when all is as before, and 4 when
// nothing but the knobs that it names is missing.
func (l lab) judgeFailure(victim, after ending, sc scenario, n next) error {
	var err error
	if victim.result.code == partial {
		err = l.partial(l, victim.look.state, sc, victim.result)
	} else {
		err = l.settled("victim", victim, map[int][]string{0: {sc.to}, 1: {sc.from}})
	}
	if err != nil {
		return err
	}
	if victim.result.code == partial && after.result.code == partial {
		// A confirmation keeps what the apply could have, and names again what it could not.
		then := scenario{from: sc.from, to: n.states[0][0]}
		err = l.partial(l, after.look.state, then, after.result)
	} else {
		err = l.settled("next", after, n.states)
	}
	if err != nil {
		return fmt.Errorf("then %s: %w\nafter %s", strings.Join(n.argv, " "), err, victim.result)
	}
	return nil
}

// missesOnlyNamed holds a partial outcome to what it named. Each knob that is not as wanted must be as before and be
// named, and the file may lack the lines of these knobs, and no others. The journal may be there or not: after a
// partial revert it still has to know what was refused. When its folder is all that is left, that is what must be
// named.
func (l lab) missesOnlyNamed(got state, sc scenario, r result) error {
	from, to := l.rest[sc.from].state, l.rest[sc.to].state
	missing := map[string]bool{}
	all := maps.Clone(got)
	maps.Copy(all, to)
	for name := range all {
		file, isKnob := strings.CutPrefix(name, "knob /proc/sys/")
		if !isKnob || got[name] == to[name] {
			continue
		}
		key := strings.ReplaceAll(file, "/", ".")
		if got[name] != from[name] || !strings.Contains(r.out+r.err, key) {
			return fmt.Errorf("partial, but %s is %q, want %q: %s", name, got[name], to[name], r)
		}
		missing[key] = true
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		kind, file, _ := strings.Cut(name, " ")
		same := got[name] == to[name]
		switch {
		case same || kind == "knob", file == journalFile || file == journalFile+formerSuffix || file == path.Dir(journalFile):
		case kind == "setting" && got[name] == without(to[name], missing):
		case kind == "content" && got["setting "+file] != to["setting "+file]: // judged as settings
		default:
			return fmt.Errorf("partial, but %s is %q, want %q: %s", name, got[name], to[name], r)
		}
	}
	dir := path.Dir(journalFile)
	folder := got["entry "+dir] != to["entry "+dir] && strings.Contains(r.out+r.err, "cannot remove the empty folder "+dir)
	if len(missing) == 0 && !folder {
		return fmt.Errorf("partial, but nothing is missing: %s", r)
	}
	return nil
}

// without drops the assignments of keys from the lines of a file.
func without(lines string, keys map[string]bool) string {
	var left strings.Builder
	for line := range strings.Lines(lines) {
		if key, _, _ := strings.Cut(line, " "); !keys[key] {
			left.WriteString(line)
		}
	}
	return left.String()
}

func TestError(t *testing.T) {
	l := newLab(t, program(t))
	l.failed(t, scenarios, fails, errnos, "at each call that can fail")
}

// Several at once end as one did: the lock lets them through one by one, and the others find nothing to do.
func TestConcurrentApplies(t *testing.T) {
	l := newLab(t, program(t))
	for _, n := range []int{2, 10} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			argv := append(slices.Clone(arrive[applied][0]), "--wait", "30s")
			b, err := l.host(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer b.close()
			var together strings.Builder
			for i := range n {
				together.WriteString(step(fmt.Sprintf("apply%d", i), l.command(argv...)) + " &\n")
			}
			if err := b.do(together.String() + "wait"); err != nil {
				t.Fatal(err)
			}
			then, err := l.goOn(b, argv)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				if r := b.result(fmt.Sprintf("apply%d", i)); r.code != 0 {
					t.Errorf("apply %d: %s", i, r)
				}
			}
			if err := l.settled("next", then, map[int][]string{0: {applied}}); err != nil {
				t.Error(err)
			}
		})
	}
}
