package main

import (
	"fmt"
	"io"
	"os"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/portcheck"
)

// errNotFreed is what a --kill ends with that could not free its ports. The report names them.
var errNotFreed error = &report.Error{
	Code: "not-freed", Message: "cannot free the port",
	Hint: "the lines above say who holds it; tcptune port PORT --kill --dry-run shows what would be done",
}

// freePorts frees the ports, and proves it.
func (t terminal) freePorts(c *cli.Context, h host.Host, view *portcheck.View, w portWish) (outcome, error) {
	before, err := view.Observe(c.Context, w.Query)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{report: envelope(nil, before.Notes)}
	o.report.Holders = before.Report()
	if !w.dryRun && !h.IsRoot() && ofOthers(before) {
		return o, needsRoot(os.Args[1:], "")
	}
	acts, notes, err := view.Plan(c.Context, before, w.order)
	o.report.Warnings = append(o.report.Warnings, notes...)
	if err != nil {
		return o, err
	}
	if w.dryRun {
		o.report.Changes = changesOf(acts)
		o.text = func(out io.Writer) {
			t.showHolders(out, before)
			if len(before.Holders) > 0 {
				printf(out, "\n")
			}
			t.showActs(out, acts, nil)
		}
		if partial(o.report.Changes) {
			o.code = report.ExitPartial
		}
		return o, nil
	}
	view.Free(c.Context, acts, w.order)
	o.report.Changes = changesOf(acts)
	o.report.Changed = changed(o.report.Changes)
	w.order.Settle = w.command == nil
	verdicts, after, err := view.Prove(c.Context, before, acts, w.order)
	if err != nil {
		return o, err
	}
	o.report.Holders = after.Report()
	o.report.Warnings = append(o.report.Warnings, view.Why(c.Context, after)...)
	o.text = func(out io.Writer) { t.showActs(out, acts, verdicts) }
	for _, v := range verdicts {
		if !v.Free {
			o.report.Warnings = append(o.report.Warnings, notFree(v))
		}
	}
	o.code, err = freed(before, acts, verdicts)
	if err == nil && o.code == 0 && w.command != nil {
		o.text(t.err)
		return o, h.Exec(w.command, os.Environ())
	}
	return o, err
}

func changesOf(acts []portcheck.Act) (changes []report.Change) {
	for _, a := range acts {
		changes = append(changes, a.Change)
	}
	return changes
}

// ofOthers reports whether some holder belongs to somebody else: then nothing is touched, rather than half of it.
func ofOthers(s portcheck.Survey) bool {
	for _, h := range s.Holders {
		if h.Reason == portcheck.NotVisible {
			return true
		}
		for _, owner := range h.Owners {
			if int(owner.Process.UID) != os.Geteuid() {
				return true
			}
		}
	}
	return false
}

// freed is the exit code of --kill. A port that was refused, or of which only a part was freed, is partial; where
// nothing at all could be freed although it was tried, that is a failure.
func freed(before portcheck.Survey, acts []portcheck.Act, verdicts []portcheck.Verdict) (int, error) {
	held := map[string]bool{}
	for _, h := range before.Holders {
		held[fmt.Sprintf("%s/%d", h.Protocol, h.Port())] = true
	}
	refused := map[string]bool{}
	for _, a := range acts {
		for _, port := range a.Ports {
			refused[port] = refused[port] || a.Status == report.Refused
		}
	}
	good, bad, tried := 0, 0, 0
	for _, v := range verdicts {
		switch {
		case v.Free && held[v.Range.String()]:
			good++
		case v.Free:
		case refused[v.Range.String()]:
			bad++
		default:
			bad++
			tried++
		}
	}
	switch {
	case bad == 0:
		return report.ExitDone, nil
	case good > 0 || tried == 0:
		return report.ExitPartial, nil
	}
	return report.ExitFailed, errNotFreed
}
