package faults

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// The states that a host can rest in. An interrupted command must not leave any other behind the command after it.
const (
	initial = "initial" // never tuned
	applied = "applied"
	waiting = "waiting" // applied, but not confirmed
)

// arrive is how an untouched host comes to rest in each state.
var arrive = map[string][][]string{
	initial: {},
	applied: {{"apply", "--profile", "faults"}},
	waiting: {{"apply", "--profile", "faults", "--confirm", "10m"}},
}

// scenario is a command that is hit by a fault.
type scenario struct {
	name     string
	from, to string // the states that it leads from and to
	argv     []string
	next     []next // what an operator may do next
}

// next is the command after the one that was hit. states maps its exit code to the states that the host may be in then;
// a code that is not in there is wrong.
type next struct {
	argv   []string
	states map[int][]string
}

var scenarios = []scenario{
	{
		name: "apply", from: initial, to: applied, argv: arrive[applied][0],
		next: []next{
			{arrive[applied][0], map[int][]string{0: {applied}}},
			{[]string{"revert"}, map[int][]string{0: {initial}}},
		},
	},
	{
		name: "revert", from: applied, to: initial, argv: []string{"revert"},
		next: []next{
			{[]string{"revert"}, map[int][]string{0: {initial}}},
			{arrive[applied][0], map[int][]string{0: {applied}}},
		},
	},
	{
		name: "apply --confirm", from: initial, to: waiting, argv: arrive[waiting][0],
		next: []next{
			// Whatever was interrupted is undone first, and then nothing waits for a confirmation.
			{[]string{"confirm"}, map[int][]string{0: {applied}, 1: {initial}}},
			{[]string{"revert"}, map[int][]string{0: {initial}}},
		},
	},
	{
		name: "confirm", from: waiting, to: applied, argv: []string{"confirm"},
		next: []next{
			// Killed after its last write, it has confirmed, and there is nothing left to confirm.
			{[]string{"confirm"}, map[int][]string{0: {applied}, 1: {applied}}},
			{[]string{"revert"}, map[int][]string{0: {initial}}},
		},
	},
}

// lab runs scenarios of one program.
type lab struct {
	program string
	env     []string // "NAME=value", for the program
	dir     string
	boxes   *atomic.Int64
	states  map[string][][]string // how a host arrives at each
	status  []string              // what tells the states apart
	probe   []string              // a program that is run when the victim is dead, too
	whole   func(l lab, torn state, probe result, sc scenario) error
	partial func(l lab, got state, sc scenario, r result) error // judges an outcome that names what is missing
	every   int                                                 // which of the points are tried, see [lab.some]
	rest    map[string]rest
	futures *futures
}

// rest is what a host in one of the states looks like, and what status and the probe say of it.
type rest struct {
	state  state
	status result
	probe  result
}

// ending is what a command said, the host after it, and what status says of that.
type ending struct {
	result result
	look   look
	status result
}

// newLab is a lab for tuning.
func newLab(t testing.TB, program string, env ...string) lab {
	t.Helper()
	l := lab{
		program: program, env: env, states: arrive, status: []string{"status"}, whole: lab.untorn,
		partial: lab.missesOnlyNamed, every: 10,
	}
	l.open(t)
	return l
}

// open observes the states by running the program undisturbed.
func (l *lab) open(t testing.TB) {
	t.Helper()
	l.dir, l.boxes, l.rest, l.futures = t.TempDir(), new(atomic.Int64), map[string]rest{}, newFutures()
	for _, name := range slices.Sorted(maps.Keys(l.states)) {
		if err := l.observe(t.Context(), name); err != nil {
			t.Fatalf("undisturbed, %v", err)
		}
		if len(l.rest[name].state) < 100 {
			t.Fatalf("only %d facts are seen: %v", len(l.rest[name].state), l.rest[name].state)
		}
	}
}

func (l lab) observe(ctx context.Context, name string) error {
	b, err := l.hostAt(ctx, name)
	if err != nil {
		return err
	}
	defer b.close()
	seen, err := b.look()
	if err != nil {
		return err
	}
	status, err := b.step("status", l.command(l.status...)...)
	if err != nil {
		return err
	}
	probe, err := l.probed(b)
	l.rest[name] = rest{seen.state, status, probe}
	return err
}

func (l lab) probed(b *box) (result, error) {
	if l.probe == nil {
		return result{}, nil
	}
	return b.step("probe", l.probe...)
}

func (l lab) command(argv ...string) []string {
	return append(append(append([]string{"env"}, l.env...), l.program), argv...)
}

// host is a fresh one.
func (l lab) host(ctx context.Context) (*box, error) {
	dir := filepath.Join(l.dir, fmt.Sprint(l.boxes.Add(1)))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	return openBox(ctx, dir)
}

// hostAt is a fresh host that has come to rest in a state.
func (l lab) hostAt(ctx context.Context, at string) (*box, error) {
	b, err := l.host(ctx)
	if err != nil {
		return nil, err
	}
	for _, argv := range l.states[at] {
		if argv[0] != "sh" {
			argv = l.command(argv...)
		}
		r, err := b.step("arrive", argv...)
		if err == nil && r.code != 0 {
			err = fmt.Errorf("%s: %s", strings.Join(argv, " "), r)
		}
		if err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

// victim runs the command of sc under strace.
func (l lab) victim(b *box, sc scenario, strace []string) (result, trace, error) {
	argv := append([]string{"strace", "-o", filepath.Join(b.dir, "victim.trace")}, strace...)
	for _, e := range l.env {
		argv = append(argv, "-E", e)
	}
	r, err := b.step("victim", append(append(argv, l.program), sc.argv...)...)
	return r, parseTrace(b.read("victim.trace")), err
}

// points are the places of sc where a fault can be put, seen in two undisturbed runs after each other that made the same
// calls. A busy machine can part two runs: what waits for a lock, or for a child, asks once more.
func (l lab) points(ctx context.Context, sc scenario, of func(call) bool) ([]point, error) {
	same := func(a, b point) bool { return a.text == b.text && a.nth == b.nth }
	var runs [][]point
	for range 4 {
		calls, err := l.undisturbed(ctx, sc)
		if err != nil {
			return nil, err
		}
		runs = append(runs, calls.points(of))
		if n := len(runs); n > 1 && slices.EqualFunc(runs[n-2], runs[n-1], same) {
			return l.some(sc, runs[n-1]), nil
		}
	}
	return nil, fmt.Errorf("%s makes other calls each time: %v", sc.name, runs)
}

// some are those of points that are tried: each n-th where the lab says so, and the last. Which is the first depends on the
// scenario, so that those which make the same calls are not tried at the same ones. FAULTS=all tries each.
func (l lab) some(sc scenario, points []point) (some []point) {
	if l.every < 2 || all() {
		return points
	}
	for i, p := range points {
		if (i+len(sc.name))%l.every == 0 || i == len(points)-1 {
			some = append(some, p)
		}
	}
	return some
}

func all() bool { return os.Getenv("FAULTS") == "all" }

// sampled is what is said behind a count of points.
func (l lab) sampled() string {
	if l.every < 2 || all() {
		return ""
	}
	return fmt.Sprintf("; one in %d is tried, and each with FAULTS=all", l.every)
}

// undisturbed is the trace of sc without a fault.
func (l lab) undisturbed(ctx context.Context, sc scenario) (trace, error) {
	b, err := l.hostAt(ctx, sc.from)
	if err != nil {
		return trace{}, err
	}
	defer b.close()
	r, calls, err := l.victim(b, sc, straceArgs())
	if err != nil {
		return trace{}, err
	}
	if r.code != 0 {
		return trace{}, fmt.Errorf("%s under strace: %s", sc.name, r)
	}
	seen, err := b.look()
	if err != nil {
		return trace{}, err
	}
	if diff := seen.state.differences(l.rest[sc.to].state); diff != nil {
		return trace{}, fmt.Errorf("%s does not lead to %s:\n%s", sc.name, sc.to, strings.Join(diff, "\n"))
	}
	return calls, nil
}

// settled checks that a host rests, after a step, in one of the states that the step's exit allows.
func (l lab) settled(step string, got ending, states map[int][]string) error {
	names, ok := states[got.result.code]
	if !ok {
		return fmt.Errorf("%s: %s", step, got.result)
	}
	var why []string
	for _, name := range names {
		want := l.rest[name]
		diff := got.look.state.differences(want.state)
		if diff == nil && got.status.code == want.status.code && got.status.out == want.status.out {
			return nil
		}
		if diff == nil {
			diff = []string{fmt.Sprintf("status says: %s\nwant: %s", got.status, want.status)}
		}
		why = append(why, fmt.Sprintf("not %s: %s", name, strings.Join(diff, "\n    ")))
	}
	return fmt.Errorf("%s ended with %sand the host is\n  %s", step, got.result, strings.Join(why, "\n  "))
}

// inParallel calls f for 0..n-1 on as many goroutines as there are processors to keep busy, and returns the errors.
func inParallel(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	var at atomic.Int64
	for range 2 {
		wg.Go(func() {
			for i := int(at.Add(1)) - 1; i < n; i = int(at.Add(1)) - 1 {
				errs[i] = f(i)
			}
		})
	}
	wg.Wait()
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}
