package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/tcptune/tcptune/internal/record"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/portcheck"
)

// PortAct is one step of freeing ports.
type PortAct = portcheck.Act

// PortVerdict is what became of one port.
type PortVerdict = portcheck.Verdict

// FreedPorts is what became of ports that were to be free.
type FreedPorts struct {
	Outcome
	Before   PortSurvey
	Acts     []PortAct
	Verdicts []PortVerdict // of a dry run there are none
}

// FreePlan says what [PortView.Free] would do. It ends nothing.
func (v PortView) FreePlan(ctx context.Context, p Ports) (out FreedPorts, err error) {
	out, err = v.planFree(ctx, p)
	out.Report.Changes = portcheck.Rows(out.Acts)
	if err != nil {
		return out, err
	}
	if report.Partial(out.Report.Changes) {
		out.Code = report.ExitPartial
	}
	return out, v.wouldStay(ctx, &out)
}

// wouldStay says which ports no server could bind after all that is planned, although nobody holds them.
func (v PortView) wouldStay(ctx context.Context, out *FreedPorts) (err error) {
	for _, b := range v.Blocked(ctx, out.Before) {
		switch {
		case slices.ContainsFunc(out.Acts, func(a PortAct) bool { return slices.Contains(a.Ports, b.Range.String()) }):
		case b.Unproven || len(out.Acts) > 0 || err != nil:
			out.Code = report.ExitPartial
			out.note(notFree(b) + hinted(b.Hint))
		default:
			err = notFreed(b)
		}
	}
	return err
}

func notFreed(v PortVerdict) error {
	return &report.Error{Code: "not-freed", Message: fmt.Sprintf("cannot free %s: %s", v.Range, v.Reason), Hint: v.Hint}
}

// planFree looks who holds the ports, and chooses the acts that free them. The error is that of the run as well: where one
// act is not allowed, none is carried out.
func (v PortView) planFree(ctx context.Context, p Ports) (out FreedPorts, err error) {
	p.Around = true
	if out.Before, err = v.Observe(ctx, p.Query); err != nil {
		return out, err
	}
	out.Outcome = outcome(out.Before.Notes)
	out.Report.Holders = out.Before.Report()
	var notes []string
	if out.Acts, notes, err = v.Plan(ctx, &out.Before, p.Order); err != nil {
		return out, err
	}
	out.note(notes...)
	if n := portcheck.Programs(out.Acts); n > MostPorts && !p.Many {
		out.Acts = nil
		return out, report.Usage(fmt.Sprintf("cannot end %d holders at once", n), fmt.Sprintf("--many ends more than %d", MostPorts))
	}
	if err = v.Allowed(ctx, out.Before, out.Acts); err != nil {
		out.Acts = nil // none is done
	}
	return out, err
}

// Free frees the ports, and proves it. The code of the error says whether any of them could be.
func (v PortView) Free(ctx context.Context, p Ports) (out FreedPorts, err error) {
	if out, err = v.planFree(ctx, p); err != nil {
		return out, err
	}
	defer func() {
		if record.Made(out.Report.Changes) != nil {
			v.target.record(v.host, "", &out.Outcome, out.Report.Changes, err)
		}
	}()
	out.Acts, err = v.FreeAll(ctx, out.Before, out.Acts, p.Order)
	out.Report.Changes = portcheck.Rows(out.Acts)
	out.Report.Changed = report.Changed(out.Report.Changes)
	if err != nil {
		return out, err
	}
	verdicts, after, err := v.Prove(ctx, out.Before, out.Acts, p.Order)
	if err != nil {
		return out, err
	}
	out.note(v.ClosedAsWell(out.Before)...)
	out.Verdicts = verdicts
	out.Report.Holders = after.Report()
	out.note(v.Why(ctx, after)...)
	refused := refusedPorts(out.Acts)
	out.Code = freed(out.Before, refused, verdicts)
	for _, verdict := range verdicts {
		switch {
		case verdict.Free:
		case verdict.Unproven:
			out.note(notFree(verdict))
		case refused[verdict.Range.String()]: // what to do instead stands there
			out.note(notFree(verdict))
		case out.Code == report.ExitFailed && err == nil:
			err = notFreed(verdict)
		default:
			out.note(notFree(verdict) + hinted(verdict.Hint))
		}
	}
	return out, err
}

// refusedPorts are those of acts that were refused.
func refusedPorts(acts []portcheck.Act) map[string]bool {
	refused := map[string]bool{}
	for _, a := range acts {
		for _, port := range a.Ports {
			refused[port] = refused[port] || a.Status == report.Refused
		}
	}
	return refused
}

func hinted(hint string) string {
	if hint == "" {
		return ""
	}
	return "; " + hint
}

// freed is the exit code of --kill. A port that was refused, or of which only a part was freed, is partial; where
// nothing at all could be freed although it was tried, that is a failure.
func freed(before portcheck.Survey, refused map[string]bool, verdicts []portcheck.Verdict) int {
	held := map[string]bool{}
	for _, h := range before.Holders {
		held[fmt.Sprintf("%s/%d", h.Protocol, h.Port())] = true
	}
	good, bad, tried := 0, 0, 0
	for _, v := range verdicts {
		switch {
		case v.Unproven:
			good, bad = good+1, bad+1
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
		return report.ExitDone
	case good > 0 || tried == 0:
		return report.ExitPartial
	}
	return report.ExitFailed
}
