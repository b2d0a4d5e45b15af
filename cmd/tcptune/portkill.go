package main

import (
	"context"
	"io"

	"github.com/tcptune/tcptune/internal/provision"
)

// freePorts frees the ports, or shows how they would be.
func (t terminal) freePorts(ctx context.Context, view provision.PortView, w portWish) (outcome, error) {
	if w.dryRun {
		planned, err := view.FreePlan(ctx, w.Ports)
		o := of(planned.Outcome)
		if err == nil || len(planned.Before.Holders) > 0 {
			o.text = func(out io.Writer) {
				t.showHolders(out, planned.Before, false)
				if len(planned.Acts) > 0 {
					printf(out, "\n")
				}
				t.showActs(out, planned)
			}
		}
		return o, err
	}
	w.Order.Settle = w.command == nil
	done, err := view.Free(ctx, w.Ports)
	o := of(done.Outcome)
	if done.Acts != nil || done.Verdicts != nil {
		o.text = func(out io.Writer) { t.showActs(out, done) }
	}
	if err == nil && o.code == 0 && w.command != nil {
		o.text(t.err)
		return o, provision.RunCommand(w.command)
	}
	return o, err
}
