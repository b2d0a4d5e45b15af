package host

import (
	"context"
	"fmt"

	"github.com/coreos/go-systemd/v22/dbus"
)

// A job is what systemd does to a unit. Each of the methods below waits until its job is done or ctx ends: starting may
// take as long as TimeoutStartSec= allows, stopping as long as TimeoutStopSec=. Without leave they are
// os.ErrPermission.

// Start starts a unit. One that is active already is no error; one that does not come up is.
func (m Manager) Start(ctx context.Context, name string) error {
	return m.job(ctx, "start", name, (*dbus.Conn).StartUnitContext)
}

// Restart stops a unit and starts it again, as "systemctl restart": what requires it is restarted with it, and one that
// is not active is started.
func (m Manager) Restart(ctx context.Context, name string) error {
	return m.job(ctx, "restart", name, (*dbus.Conn).RestartUnitContext)
}

// ReloadUnit asks a service that runs to read its configuration again.
func (m Manager) ReloadUnit(ctx context.Context, name string) error {
	return m.job(ctx, "reload", name, (*dbus.Conn).ReloadUnitContext)
}

// Stop stops a unit. One that is not loaded is no error.
func (m Manager) Stop(ctx context.Context, name string) error {
	err := m.job(ctx, "stop", name, (*dbus.Conn).StopUnitContext)
	if dbusError(err, "org.freedesktop.systemd1.NoSuchUnit") {
		return nil
	}
	return err
}

// Reload has systemd read all unit files again, as "systemctl daemon-reload".
func (m Manager) Reload(ctx context.Context) error {
	err := m.with(ctx, reloadTime, "to read its units again", func(ctx context.Context, conn *dbus.Conn) (string, error) {
		return jobDone, conn.ReloadContext(ctx)
	})
	if err != nil {
		return fmt.Errorf("cannot have systemd read its units again: %w", err)
	}
	return nil
}

// ResetFailed makes systemd forget that a unit has failed, so that one without a file is forgotten altogether. One that
// is not loaded is no error.
func (m Manager) ResetFailed(ctx context.Context, name string) error {
	err := m.with(
		ctx,
		dbusTime,
		"to forget the failure of "+name,
		func(ctx context.Context, conn *dbus.Conn) (string, error) {
			return jobDone, conn.ResetFailedUnitContext(ctx, name)
		},
	)
	if err != nil && !dbusError(err, "org.freedesktop.systemd1.NoSuchUnit") {
		return fmt.Errorf("cannot reset %s: %w", name, err)
	}
	return nil
}

// job starts a job and waits for its end. The mode "replace" is that of systemctl: what is queued for the unit gives
// way.
func (m Manager) job(ctx context.Context, verb, name string,
	queue func(*dbus.Conn, context.Context, string, string, chan<- string) (int, error),
) error {
	defer m.h.trail.Waits("systemd to " + verb + " " + name)()
	err := m.with(ctx, 0, "to "+verb+" "+name, func(ctx context.Context, conn *dbus.Conn) (string, error) {
		done := make(chan string, 1)
		if _, err := queue(conn, ctx, name, "replace", done); err != nil {
			return "", err
		}
		return jobDone, awaitJob(ctx, done)
	})
	if err != nil {
		return fmt.Errorf("cannot %s %s: %w", verb, name, err)
	}
	return nil
}
