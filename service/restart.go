package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// manager is what a restart needs of systemd.
type manager interface {
	Unit(ctx context.Context, name string) (host.Unit, error)
	Start(ctx context.Context, name string) error
	Stop(ctx context.Context, name string) error
	Restart(ctx context.Context, name string) error
	ReloadUnit(ctx context.Context, name string) error
}

// Restart replaces the process of a service. Where it has a twin that is [Overlap]. Of others the socket stays open:
// clients that come meanwhile wait in its queue until the new process is up, which is after the old one has drained. done
// are the acts that were carried out, as far as it came.
func Restart(ctx context.Context, m manager, s Spec) (done []plan.Change, err error) {
	r := restart{m, s.Name, nil}
	if err := r.listens(ctx, s); err != nil {
		return nil, err
	}
	twin, err := m.Unit(ctx, r.twin())
	if err != nil {
		return nil, err
	}
	service, err := m.Unit(ctx, r.service())
	if err != nil {
		return nil, err
	}
	if twin.Load == "loaded" && (up(service) || up(twin)) { // or there is nobody whom it could serve instead of
		return Overlap(ctx, m, s)
	}
	err = r.act(ctx, r.service(), plan.Restarted, m.Restart)
	return r.done, err
}

// Overlap replaces the process of a service without a pause: a twin takes new connections on the same socket before the
// old process drains, and drains itself once the new one is up. Where the twin does not start the old process is left
// alone. Wherever it is interrupted one of them serves, and the next run goes on from there.
func Overlap(ctx context.Context, m manager, s Spec) (done []plan.Change, err error) {
	r := restart{m, s.Name, nil}
	if err := r.listens(ctx, s); err != nil {
		return nil, err
	}
	twin, err := m.Unit(ctx, r.twin())
	if err != nil {
		return nil, err
	}
	if twin.Load != "loaded" {
		return nil, fmt.Errorf("cannot overlap: there is no %s: the bundled server has one, and a program that was installed with --overlap", r.twin())
	}
	service, err := m.Unit(ctx, r.service())
	if err != nil {
		return nil, err
	}
	start := m.Start
	if up(twin) && up(service) { // left by one that was interrupted, it may be another program: that proves nothing
		start = m.Restart
	}
	if err := r.act(ctx, r.twin(), plan.Active, start); err != nil {
		// It would be started again and again.
		return r.done, errors.Join(fmt.Errorf("%w; %s was left alone", err, r.service()),
			r.act(context.WithoutCancel(ctx), r.twin(), plan.Inactive, r.m.Stop))
	}
	if err := r.act(ctx, r.service(), plan.Restarted, m.Restart); err != nil {
		return r.done, fmt.Errorf("%w; %s goes on serving", err, r.twin())
	}
	return r.done, r.stopTwin(ctx)
}

// up reports whether a unit runs, or is about to.
func up(u host.Unit) bool {
	return u.Active != plan.Inactive && u.Active != StateFailed && u.Active != ""
}

type restart struct {
	m    manager
	name string
	done []plan.Change
}

func (r *restart) service() string { return r.name + ".service" }
func (r *restart) twin() string    { return r.name + "-twin.service" }

// listens refuses to restart behind sockets that are closed: systemd would start a service without one.
func (r *restart) listens(ctx context.Context, s Spec) error {
	sockets, err := s.front(ctx, r.m)
	if err != nil || sockets.open() != nil {
		return err
	}
	service, err := r.m.Unit(ctx, r.service())
	if err != nil {
		return err
	}
	return &report.Error{
		Code: "not-active", Message: fmt.Sprintf("cannot restart: %s is %s", sockets[0].Name, sockets[0].Active),
		Hint: "run: " + opens(sockets.shut(), false, service),
	}
}

// act carries out a job, waits for its end and looks at what became of the unit.
func (r *restart) act(ctx context.Context, unit, value string, job func(context.Context, string) error) error {
	before, err := r.m.Unit(ctx, unit)
	if err != nil {
		return err
	}
	c := plan.Change{Change: report.Change{
		Kind: report.Unit, Target: unit, Before: &before.Active, After: &value, Status: report.Applied,
		Source: sourceOf(r.name),
	}}
	jobErr := job(ctx, unit)
	after, err := r.m.Unit(context.WithoutCancel(ctx), unit)
	if err == nil {
		c.Effective = &after.Active
		if jobErr == nil && (after.Active == plan.Active) != (value != plan.Inactive) {
			jobErr = fmt.Errorf("cannot restart: %s is %s", unit, after.Active)
		}
	}
	if jobErr != nil {
		c.Status, c.Reason = report.Failed, jobErr.Error()
	}
	r.done = append(r.done, c)
	if jobErr != nil {
		return jobErr
	}
	return err
}

func (r *restart) stopTwin(ctx context.Context) error {
	twin, err := r.m.Unit(ctx, r.twin())
	if err != nil || twin.Active == plan.Inactive || twin.Active == "failed" {
		return err
	}
	return r.act(ctx, r.twin(), plan.Inactive, r.m.Stop)
}
