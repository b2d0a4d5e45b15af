package faults

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// futures remembers what a command has made of a host. Many faults leave hosts that do not differ: the same files,
// knobs and processes. What comes next can only be the same then, so it is tried once for each host that is new, and
// judged for each fault. Every eighth time it is tried all the same, and has to end in the same way.
type futures struct {
	mu   sync.Mutex
	seen map[string]*future
}

type future struct {
	ending ending
	asked  int
}

func newFutures() *futures { return &futures{seen: map[string]*future{}} }

// of is what argv makes of the host b, which looks like l.
func (f *futures) of(lab lab, b *box, l look, argv []string) (ending, error) {
	key := strings.Join(argv, " ") + "\n" + l.key()
	f.mu.Lock()
	known := f.seen[key]
	if known != nil {
		if known.asked++; known.asked%8 != 0 {
			f.mu.Unlock()
			return known.ending, nil
		}
	}
	f.mu.Unlock()
	got, err := lab.goOn(b, argv)
	if err != nil {
		return got, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if known = f.seen[key]; known == nil {
		f.seen[key] = &future{ending: got}
		return got, nil
	}
	was := known.ending
	if got.result.code != was.result.code || got.status.code != was.status.code || got.status.out != was.status.out ||
		got.look.state.differences(was.look.state) != nil {
		return got, fmt.Errorf("two hosts that do not differ have become different ones after %s: %v\n%s\n%s",
			strings.Join(argv, " "), got.look.state.differences(was.look.state), got.result, was.result)
	}
	return got, nil
}

// goOn runs argv on the host, and looks at what it has become.
func (l lab) goOn(b *box, argv []string) (ending, error) {
	var e ending
	var err error
	if e.result, err = b.step("next", l.command(argv...)...); err != nil {
		return e, err
	}
	if slices.Equal(argv, l.status) {
		return e, nil
	}
	if e.look, err = b.look(); err != nil {
		return e, err
	}
	e.status, err = b.step("status", l.command(l.status...)...)
	return e, err
}

// onHost opens a host in a state, and closes it when f is done with it.
func (l lab) onHost(ctx context.Context, at string, f func(*box) (bool, error)) (bool, error) {
	b, err := l.hostAt(ctx, at)
	if err != nil {
		return false, err
	}
	defer b.close()
	return f(b)
}
