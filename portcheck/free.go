package portcheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
)

// unitPatience is how long systemd may take to stop a unit: by default it kills what has not ended after 90 s.
const unitPatience = 3 * time.Minute

// Free carries out the planned acts, and says in them what became of each. Nothing is undone when one fails: there is
// no way to start a process again as it was.
func (v *View) Free(ctx context.Context, acts []Act, order Order) {
	for i := range acts {
		a := &acts[i]
		if a.Status != report.Planned || a.Kind == report.Signal {
			continue
		}
		if a.skip(ctx) {
			continue
		}
		switch a.Kind {
		case report.Unit:
			v.stopUnit(ctx, a)
		case report.Container:
			v.stopContainer(ctx, a, order)
		case report.Connection:
			v.close(ctx, a)
		}
		if ctx.Err() != nil && a.Status == report.Failed && a.Kind != report.Connection {
			a.Reason = "interrupted: whoever was told to stop it goes on with that"
		}
	}
	v.signalAll(ctx, acts, order)
	v.tellActs("ends", acts)
}

// skip leaves an act out after an interrupt, and reports whether it did.
func (a *Act) skip(ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	a.Status, a.Reason = report.Skipped, "interrupted before it was its turn"
	return true
}

func (v *View) stopUnit(ctx context.Context, a *Act) {
	manager := v.manager(a.unit)
	ctx, cancel := context.WithTimeout(ctx, unitPatience)
	defer cancel()
	err := manager.Stop(ctx, a.unit.name)
	u, lookErr := manager.Unit(ctx, a.unit.name)
	if lookErr == nil {
		a.Effective = &u.Active
	}
	switch {
	case err != nil:
		a.fail(err)
	case lookErr != nil:
		a.fail(lookErr)
	case u.Active == host.Inactive, u.Active == "failed": // failed: its programs have ended, one of them badly
		a.Status = report.Applied
	default:
		a.fail(fmt.Errorf("%s is %s after it was stopped", a.Target, u.Active))
	}
}

func (v *View) stopContainer(ctx context.Context, a *Act, order Order) {
	switch err := a.container.engine.Stop(ctx, a.container.id, order.Grace); {
	case errors.Is(err, fs.ErrNotExist): // the service that ran it has ended it, and it was started with --rm
		a.Status, a.Reason = report.Unchanged, "had ended by itself"
		return
	case err != nil:
		a.fail(err)
		return
	}
	c, err := a.container.engine.Inspect(ctx, a.container.id)
	switch {
	case errors.Is(err, fs.ErrNotExist): // started with --rm
	case err != nil:
		a.fail(err)
		return
	case c.State == running:
		a.fail(fmt.Errorf("%s runs after it was stopped", a.Target))
		return
	}
	state := exited
	a.Status, a.Effective = report.Applied, &state
}

func (a *Act) fail(err error) {
	a.Status, a.Reason = report.Failed, err.Error()
	if errors.Is(err, os.ErrPermission) {
		a.Status = report.Refused
	}
}
