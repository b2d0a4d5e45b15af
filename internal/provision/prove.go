package provision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
	"github.com/tcptune/tcptune/prove"
	"github.com/tcptune/tcptune/prove/path"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// Prove asks what a profile does better than something else.
type Prove struct {
	Profile  string   // a name or a file; "": what would be applied
	Against  string   // the same, or [HostNow], which "" stands for
	Key      string   // of the profile this key alone, or KEY=VALUE; "": all of them
	Work     []string // the names of workloads; none: all of them
	Each     bool     // each key of the profile left out in turn
	Path     ProvePath
	Rounds   int
	Lasts    time.Duration // all of it; 0: 90 s for each side
	Force    bool          // on a host that is busy, too
	Announce func(string)  // is told what comes, before it begins
	Said     func(string)  // is told how far it is; may be nil
}

const (
	perSide  = 90 * time.Second
	calmLook = time.Second
)

// CarryPath is what the process does that [Target.Prove] starts for each path.
func CarryPath(in io.Reader, out io.Writer) error { return path.Carry(in, out) }

// CarryPathCommand is the command of ours that has to call [CarryPath].
const CarryPathCommand = path.Command

// CleanProve ends what a [Target.Prove] has left whose process was killed: a process that carries packets, if it could not
// end by itself. Namespaces and devices end with the last process in them.
func (t Target) CleanProve(ctx context.Context) (out Outcome, ended int, err error) {
	h, err := t.host()
	if err == nil && !h.IsRoot() {
		err = needsRoot("look for processes of others")
	}
	if err != nil {
		return out, 0, err
	}
	out = outcome(nil)
	left, err := h.Abandoned(path.Command)
	for _, p := range left {
		failed := p.Signal(unix.SIGKILL)
		if failed == nil || errors.Is(failed, fs.ErrNotExist) {
			failed = p.Wait(ctx)
		}
		if failed != nil {
			failed = fmt.Errorf("cannot end process %d: %w", p.Pid(), failed)
		} else {
			ended++
		}
		err = errors.Join(err, failed, p.Close())
	}
	out.Report.Changed = ended > 0
	return out, ended, err
}

// Prove compares two sides over an emulated path. Nothing of the host is changed.
func (t Target) Prove(ctx context.Context, w Prove) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	scenario, shape, err := w.Path.shape()
	if err != nil {
		return out, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	workloads, err := w.workloads()
	if err != nil {
		return out, err
	}
	if err := prove.CheckRounds(w.Rounds); err != nil {
		return out, err
	}
	out = outcome(nil)
	c := prove.Comparison{Workloads: workloads, Load: prove.Work, Rounds: w.Rounds, Lasts: w.Lasts, Said: w.Said}
	d, err := t.sides(h, cat, w, &out)
	switch {
	case err != nil:
		return out, err
	case !h.IsRoot():
		return out, needsRoot("make network namespaces")
	}
	if shape.Kind, err = d.drop(shape, w); err != nil {
		return out, err
	}
	c.Shape = shape
	for _, s := range d.differ {
		h.Trail().Step("compares", slog.String("key", s.Target), slog.String("before", s.Before), slog.String("after", s.After))
	}
	if len(d.differ) == 0 {
		return out, d.noDifference()
	}
	c.Sides = []prove.Side{d.before, d.after}
	if w.Each {
		c.Sides = []prove.Side{d.after}
		for _, s := range d.differ {
			c.Keys = append(c.Keys, s.Target)
			c.Sides = append(c.Sides, d.without(s.Target))
		}
	}
	if c.Lasts == 0 {
		c.Lasts = max(perSide*time.Duration(len(c.Sides)), c.Least())
	}
	if err := c.Check(); err != nil {
		return out, err
	}
	if err := calm(ctx, h, w.Force, &out); err != nil {
		return out, err
	}
	if w.Announce != nil {
		w.Announce(fmt.Sprintf("this takes up to %d of %d cores for %s: %d rounds of %d workloads on %d sides",
			min(3, runtime.NumCPU()), runtime.NumCPU(), c.Lasts.Round(time.Second), c.Rounds, len(c.Workloads), len(c.Sides)))
	}
	proof, err := c.Run(ctx)
	if err != nil && len(proof.Rows) == 0 {
		return out, interrupted(ctx, fmt.Errorf("cannot compare: %w", err))
	}
	proof.Scenario, proof.Before, proof.After, proof.Settings = scenario, d.before.Name, d.after.Name, d.differ
	if w.Each {
		proof.Before = d.after.Name + " without the key"
	}
	proof.NotProvable = append(proof.NotProvable, d.absent...)
	proof.Path = describePath(shape, proof.Path.Measured)
	out.Report.Proof = &proof
	switch {
	case err != nil: // what was done before the interrupt is shown
		return out, interrupted(ctx, err)
	case len(proof.Rows) == 0:
		return out, &report.Error{
			Code: "path-not-carried", Message: "cannot compare: " + proof.NotMeasured[0].Reason,
			Hint: "end what else is running, or take a smaller --rate",
		}
	case len(proof.NotMeasured) > 0:
		out.Partial, out.Code = true, report.ExitPartial
	}
	return out, nil
}

// workloads are those that w names.
func (w Prove) workloads() (some []prove.Workload, err error) {
	all := prove.Workloads()
	if len(w.Work) == 0 {
		return all, nil
	}
	names := make([]string, len(all))
	for i, known := range all {
		if names[i] = known.Name; slices.Contains(w.Work, known.Name) {
			some = append(some, known)
		}
	}
	for _, name := range w.Work {
		if !slices.Contains(names, name) {
			return nil, report.Usage(fmt.Sprintf("cannot find workload %q", name), "they are "+strings.Join(names, ", "))
		}
	}
	return some, nil
}

// calm refuses a host that is busy with something else.
func calm(ctx context.Context, h host.Host, force bool, out *Outcome) error {
	busy, err := prove.Busy(ctx, h, calmLook)
	h.Trail().Step("looks at the processors", slog.Float64("busy", busy), trail.Failed(err))
	if err != nil || busy <= prove.Calm {
		return err
	}
	found := fmt.Sprintf("other programs take %.0f %% of the processors", 100*busy)
	if force {
		out.note(found + ": what comes of this may be theirs")
		return nil
	}
	return &report.Error{
		Code: "host-busy", Message: "cannot compare on this host now: " + found, Hint: "wait until it is calm, or use --force",
	}
}
