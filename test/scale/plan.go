package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

// spent is what a part has taken.
type spent struct{ wall, cpu time.Duration }

// rate is hosts in a second of one core.
func (s spent) rate(hosts int) float64 { return float64(hosts) / s.cpu.Seconds() }

// of runs do, and says what it took of this process.
func of(do func() error) (spent, error) {
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	begin, before := time.Now(), used()
	err := do()
	return spent{time.Since(begin), used() - before}, err
}

// planned is what came of all hosts.
type planned struct {
	plan, metrics spent
	pages         [][]byte // what the textfile collector of each serves
}

// planAll has the planner look at each host, and then the metrics, each on all cores.
func planAll(ctx context.Context, dir string, fleet []state) (p planned, err error) {
	rooms := make([]room, runtime.GOMAXPROCS(0))
	for i := range rooms {
		rooms[i] = room(filepath.Join(dir, fmt.Sprint("room", i)))
	}
	if err := rooms[0].furnish(ctx, fleet); err != nil {
		return p, err
	}
	for _, r := range rooms[1:] {
		if err := copyTree(ctx, string(rooms[0]), string(r)); err != nil {
			return p, err
		}
	}
	p.pages = make([][]byte, len(fleet))
	p.plan, err = of(func() error {
		return each(rooms, fleet, func(_ int, s state, t provision.Target) error {
			out, err := t.Plan(ctx, provision.Apply{})
			// What to do about a foreign file depends on the release: our file may have another name.
			if drift := out.Code == report.ExitDiffers; err == nil && s.Kind != overridden && drift == (s.Kind == tuned) {
				err = fmt.Errorf("%s is %s, and the plan ends with %d: %+v", s.Name, s.Kind, out.Code, out.Report.Changes)
			}
			return err
		})
	})
	if err != nil {
		return p, err
	}
	p.metrics, err = of(func() error {
		return each(rooms, fleet, func(i int, s state, t provision.Target) error {
			out, err := t.Metrics(ctx, provision.Tuning{}, provision.Diagnose{})
			p.pages[i] = report.Exposition(append(out.Report.Metrics, s.drawn()...))
			return err
		})
	})
	return p, err
}

// drawn are the figures of a kernel, which an image has not.
func (s state) drawn() (all []report.Metric) {
	for _, name := range slices.Sorted(maps.Keys(s.Figures)) {
		all = append(all, report.Gauge(name, "Drawn.", s.Figures[name]))
	}
	return append(all, report.Gauge("tcptune_waits_for_confirmation", "Drawn.", 0))
}

// each gives every host to one of the rooms.
func each(rooms []room, fleet []state, do func(int, state, provision.Target) error) error {
	var wg sync.WaitGroup
	failed := make([]error, len(rooms))
	for i, r := range rooms {
		wg.Go(func() {
			for n := i; n < len(fleet) && failed[i] == nil; n += len(rooms) {
				failed[i] = r.as(fleet[n], func(t provision.Target) error { return do(n, fleet[n], t) })
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// room is a folder with images that one worker makes into the hosts it is about, one after the other.
type room string

// image is that of hosts like s, but for what somebody has written.
func (r room) image(s state) string {
	return filepath.Join(string(r), fmt.Sprint(s.Release, "-", s.Profile, "-", s.Kind != untuned))
}

// furnish makes the images of fleet, and applies their profiles. That is no part of what is measured.
func (r room) furnish(ctx context.Context, fleet []state) error {
	if err := os.MkdirAll(string(r), 0o755); err != nil {
		return err
	}
	for _, s := range fleet {
		dir := r.image(s)
		if _, err := os.Stat(dir); err == nil {
			continue
		}
		err := copyTree(ctx, filepath.Join(fixtures(), s.Release), dir)
		if err == nil {
			err = errors.Join(os.MkdirAll(dir+"/etc/tcptune", 0o755),
				os.WriteFile(dir+"/etc/tcptune/tcptune.yaml", []byte("tuning:\n  profile: "+s.Profile+"\n"), 0o644))
		}
		if err == nil && s.Kind != untuned {
			_, err = provision.Target{Root: dir}.Apply(ctx, provision.Apply{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyTree(ctx context.Context, from, to string) error {
	if out, err := exec.CommandContext(ctx, "cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot copy %s: %w: %s", from, err, out)
	}
	return nil
}

// as makes an image of r into s, for as long as do lasts.
func (r room) as(s state, do func(provision.Target) error) error {
	dir := r.image(s)
	texts := map[string][]byte{}
	for name, text := range s.Files {
		texts[dir+"/etc/sysctl.d/"+name] = []byte(text)
	}
	switch s.Kind {
	case wiped:
		ours, err := filepath.Glob(dir + "/etc/sysctl.d/*tcptune.conf")
		if err != nil || len(ours) != 1 {
			return fmt.Errorf("%s has the files %v of ours", s.Name, ours)
		}
		texts[ours[0]] = nil
	case overridden:
		texts[dir+"/etc/sysctl.conf"] = []byte("net.ipv4.tcp_slow_start_after_idle = 1\n")
	case tuned, untuned:
	}
	former := map[string][]byte{}
	for file, text := range texts {
		if old, err := os.ReadFile(file); err == nil {
			former[file] = old
		}
		if err := replace(file, text); err != nil {
			return err
		}
	}
	err := do(provision.Target{Root: dir})
	for file := range texts {
		err = errors.Join(err, replace(file, former[file]))
	}
	return err
}

// replace gives file a text; nil is none.
func replace(file string, text []byte) error {
	if text == nil {
		return os.Remove(file)
	}
	return os.WriteFile(file, text, 0o644)
}

// fixtures is their folder, from the root of the repository or from here.
func fixtures() string {
	if _, err := os.Stat("test/fixtures"); err == nil {
		return "test/fixtures"
	}
	return "../fixtures"
}
