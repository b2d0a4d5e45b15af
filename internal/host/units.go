package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"
)

// dbusTime bounds every conversation with systemd: a PID 1 that hangs must not hang us.
const dbusTime = 25 * time.Second

// reloadTime is for a reload of all units, which runs generators and takes seconds on a machine with thousands of them.
const reloadTime = 90 * time.Second

// UnitState returns the states of a unit, "tuned.service": active ("active", "inactive", "failed", "activating", …),
// sub ("running", "exited", "dead", …) and that of its file ("enabled", "disabled", "masked", "static", …; "" without
// a file). A unit that nobody knows is "inactive", "dead", "". It needs no root.
// Where systemd is not PID 1 it is [ErrNoSystemd], on an image [ErrNoKernel].
func (h Host) UnitState(ctx context.Context, name string) (active, sub, unitfile string, err error) {
	talk := func(ctx context.Context, conn *dbus.Conn) (string, error) {
		for _, property := range []struct {
			name string
			to   *string
		}{{"ActiveState", &active}, {"SubState", &sub}, {"UnitFileState", &unitfile}} {
			p, err := conn.GetUnitPropertyContext(ctx, name, property.name)
			if err != nil {
				return "", err
			}
			// A variant of another type leaves "", which no state is.
			*property.to, _ = p.Value.Value().(string)
		}
		return active + " (" + sub + "), its file is " + cmp.Or(unitfile, "not there"), nil
	}
	if err := h.SystemManager().with(ctx, dbusTime, "the state of "+name, talk); err != nil {
		return "", "", "", fmt.Errorf("cannot ask systemd about %s: %w", name, err)
	}
	return active, sub, unitfile, nil
}

// StartTimer has systemd run argv once, after the given time, whatever becomes of this process, its session and its
// terminal: the transient units name.timer and name.service, as systemd-run --on-active= makes them. A reboot forgets
// both. argv[0] is an absolute path; after is at least 1 ms. Both units vanish when they are done, also on failure.
// Where name.timer exists it is fs.ErrExist. It needs root.
func (h Host) StartTimer(ctx context.Context, name, description string, after time.Duration, argv []string) error {
	if len(argv) == 0 || !path.IsAbs(argv[0]) {
		return errors.New("cannot start a timer without an absolute path to run")
	}
	talk := func(ctx context.Context, conn *dbus.Conn) (string, error) {
		done := make(chan string, 1)
		service := dbus.PropertyCollection{Name: name + ".service", Properties: serviceProperties(description, argv)}
		_, err := conn.StartTransientUnitAux(ctx, name+".timer", "fail",
			timerProperties(description, after), []dbus.PropertyCollection{service}, done)
		if err != nil {
			return "", err
		}
		return jobDone, awaitJob(ctx, done)
	}
	err := h.SystemManager().with(ctx, dbusTime, "to start "+name+".timer in "+after.String(), talk)
	if dbusError(err, "org.freedesktop.systemd1.UnitExists") {
		err = fs.ErrExist
	}
	if err != nil {
		return fmt.Errorf("cannot start %s.timer: %w", name, err)
	}
	return nil
}

// StopUnit stops the unit of the system's systemd, its suffix included ("tcptune-revert.timer"), and waits until it has
// stopped, but no longer than 25 s. One that is not loaded is no error. It needs root.
func (h Host) StopUnit(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, dbusTime)
	defer cancel()
	return h.SystemManager().Stop(ctx, name)
}

// timerProperties uses the wire names of systemd's src/core/dbus-timer.c, not those of systemd.timer(5): times are
// microseconds and end in USec, and a monotonic time is an element of TimersMonotonic. They are the same from 242 on.
func timerProperties(description string, after time.Duration) []dbus.Property {
	type monotonic struct {
		Base string
		USec uint64
	}
	return []dbus.Property{
		dbus.PropDescription(description),
		{Name: "TimersMonotonic", Value: godbus.MakeVariant([]monotonic{
			{"OnActiveSec", uint64(max(after, time.Millisecond).Microseconds())},
		})},
		// The default of a minute lets systemd fire late to save wake-ups.
		{Name: "AccuracyUSec", Value: godbus.MakeVariant(uint64((100 * time.Millisecond).Microseconds()))},
		{Name: "RemainAfterElapse", Value: godbus.MakeVariant(false)},
	}
}

// serviceProperties makes a service that may fail and still goes away: a failed unit that stays loaded would block the
// next one of its name.
func serviceProperties(description string, argv []string) []dbus.Property {
	argv = slices.Clone(argv)
	for i := range argv[1:] {
		// systemd expands variables when it starts the program, also here, and takes $$ for $. Specifiers such as %n it
		// leaves alone.
		argv[i+1] = strings.ReplaceAll(argv[i+1], "$", "$$")
	}
	return []dbus.Property{
		dbus.PropDescription(description),
		dbus.PropType("oneshot"),
		dbus.PropExecStart(argv, true),
		{Name: "CollectMode", Value: godbus.MakeVariant("inactive-or-failed")},
	}
}

// ErrJobCanceled is about a job of systemd in whose place another one has come: the restart of a service that has
// failed opens its socket, which somebody was closing.
var ErrJobCanceled = errors.New(`systemd says "canceled"`)

// jobDone is what systemd says of a job that has come to its end.
const jobDone = "done"

// awaitJob waits for the outcome of a job, a word listed at JobRemoved in org.freedesktop.systemd1(5).
func awaitJob(ctx context.Context, done <-chan string) error {
	select {
	case result := <-done:
		switch result {
		case jobDone:
		case "canceled":
			return ErrJobCanceled
		default:
			return fmt.Errorf("systemd says %q", result)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("systemd did not finish: %w", ctx.Err())
	}
}

func dbusError(err error, name string) bool {
	var e godbus.Error
	return errors.As(err, &e) && e.Name == name
}
