package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
)

// The values of a unit. The last three are wanted only: the unit is active before and after, and takes up what was
// written.
const (
	Active    = host.Active
	Inactive  = host.Inactive
	Restarted = "restarted"
	Reloaded  = "reloaded"
	// Narrowed is a socket unit that has fewer addresses than before: systemd lets go of the others when it reads its file,
	// and opens them again only when all of it is opened anew.
	Narrowed = "narrowed"
)

// behind begins the value of a service that is restarted while another one serves.
const behind = "restarted behind "

// RestartedBehind is the value of a unit that is replaced without a pause: another one, which shares its sockets, is started
// first and stopped last. Where that one does not start the unit is left alone. A socket is opened anew while other serves
// behind the other sockets of its service.
func RestartedBehind(other string) string { return behind + other }

// unitManager is what a transaction needs of systemd.
type unitManager interface {
	Unit(ctx context.Context, name string) (host.Unit, error)
	Start(ctx context.Context, name string) error
	Stop(ctx context.Context, name string) error
	Restart(ctx context.Context, name string) error
	ReloadUnit(ctx context.Context, name string) error
}

// unitEffect starts and stops units. The value of a unit is its active state as systemd(1) names it.
type unitEffect struct {
	manager unitManager
	closed  map[string]host.Unit // the sockets that it has stopped, as they were
	spared  map[string]bool      // the services that were to be replaced, and run on as they did
}

func newUnitEffect(m unitManager) unitEffect {
	return unitEffect{m, map[string]host.Unit{}, map[string]bool{}}
}

func (u unitEffect) observe(ctx context.Context, name string) (*string, error) {
	unit, err := u.manager.Unit(ctx, name)
	if err != nil {
		return nil, err
	}
	return &unit.Active, nil
}

func (u unitEffect) write(ctx context.Context, name string, value *string, _ fs.FileMode) error {
	switch {
	case value == nil || !runs(*value):
		return u.stop(ctx, name)
	case *value == Narrowed:
		return nil
	case strings.HasSuffix(name, ".socket"):
		twin, replaces := strings.CutPrefix(*value, behind)
		if !replaces {
			twin = ""
		}
		return u.openSocket(ctx, name, replaces || *value == Restarted, twin)
	case strings.HasPrefix(*value, behind):
		return u.handOver(ctx, name, strings.TrimPrefix(*value, behind))
	case *value == Restarted || midway(*value):
		return insist(ctx, u.manager.Restart, name)
	case *value == Reloaded:
		return u.reload(ctx, name)
	}
	return insist(ctx, u.manager.Start, name)
}

// handOver replaces the process of a service while other serves. Where the service does not come up other goes on, until
// the next try.
func (u unitEffect) handOver(ctx context.Context, name, other string) error {
	if err := u.startOther(ctx, other); err != nil {
		u.spared[name] = true
		return err
	}
	delete(u.spared, name)
	if err := insist(ctx, u.manager.Restart, name); err != nil {
		return err
	}
	return insist(ctx, u.manager.Stop, other)
}

// startOther starts a service that serves in the place of another one.
func (u unitEffect) startOther(ctx context.Context, other string) error {
	err := insist(ctx, u.manager.Start, other)
	if err != nil { // it would be tried again and again
		err = errors.Join(err, insist(context.WithoutCancel(ctx), u.manager.Stop, other))
	}
	return err
}

// reload has a service read its configuration again. One that fails again and again is between two starts, where
// systemd reloads nothing: its next start reads the files, and that is made now.
func (u unitEffect) reload(ctx context.Context, name string) error {
	unit, err := u.manager.Unit(ctx, name)
	if err != nil {
		return err
	}
	if !runs(unit.Active) {
		return insist(ctx, u.manager.Restart, name)
	}
	return u.manager.ReloadUnit(ctx, name)
}

// stop stops a unit. A service that fails may be about to be restarted when its socket is closed, and its restart opens
// the socket again. So what was closed is closed again once the service has stopped, until both stay down.
func (u unitEffect) stop(ctx context.Context, name string) error {
	if strings.HasSuffix(name, ".socket") {
		socket, err := u.manager.Unit(ctx, name)
		if err != nil {
			return err
		}
		u.closed[name] = socket
		return u.closeSocket(ctx, name, socket.Triggers)
	}
	for range stopTries {
		if err := insist(ctx, u.manager.Stop, name); err != nil {
			return err
		}
		again, err := u.closeAgain(ctx, name)
		if err != nil || !again {
			return err
		}
	}
	return fmt.Errorf("its socket was opened again %d times", stopTries)
}

// closeSocket closes a socket, and ends what opens it again: the restarts of a service that fails. A service that
// serves goes on, unless its start has opened the socket once more.
func (u unitEffect) closeSocket(ctx context.Context, name string, services []string) error {
	for range stopTries {
		if err := insist(ctx, u.manager.Stop, name); err != nil {
			return err
		}
		socket, err := u.manager.Unit(ctx, name)
		if err != nil {
			return err
		}
		opened := runs(socket.Active) || midway(socket.Active)
		again := opened
		for _, service := range services {
			s, err := u.manager.Unit(ctx, service)
			if err != nil {
				return err
			}
			if !opened && !midway(s.Active) {
				continue
			}
			again = true
			if err := insist(ctx, u.manager.Stop, service); err != nil {
				return err
			}
		}
		if !again {
			return nil
		}
	}
	return fmt.Errorf("it was opened again %d times", stopTries)
}

// insist carries out a job. The restart of a service that has failed may put its own job in the place of ours: then that
// is asked for once more.
func insist(ctx context.Context, job func(context.Context, string) error, name string) (err error) {
	for range stopTries {
		if err = job(ctx, name); !errors.Is(err, host.ErrJobCanceled) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// stopTries is how often a service is stopped whose socket comes back, and a job asked for. Each takes a restart, or a client, between two
// calls.
const stopTries = 10

// closeAgain closes the sockets of a service that were closed before and are open, and says whether there were any.
func (u unitEffect) closeAgain(ctx context.Context, service string) (again bool, err error) {
	for name, was := range u.closed {
		if !slices.Contains(was.Triggers, service) {
			continue
		}
		now, err := u.manager.Unit(ctx, name)
		if err != nil {
			return again, err
		}
		if !runs(now.Active) && !midway(now.Active) {
			continue
		}
		again = true
		if err := insist(ctx, u.manager.Stop, name); err != nil {
			return again, err
		}
	}
	return again, nil
}

// openSocket opens a socket, anew if it is open and that is asked for. systemd refuses to open one whose service runs,
// since that may hold the old one; and a client that comes between would start the service again. So the socket is
// closed first, then the service stops, and is started again in the end; twin, if there is one, serves meanwhile.
func (u unitEffect) openSocket(ctx context.Context, name string, anew bool, twin string) error {
	socket, err := u.manager.Unit(ctx, name)
	if err != nil {
		return err
	}
	if runs(socket.Active) && !anew {
		return nil
	}
	if socket.Active != Inactive {
		if err := insist(ctx, u.manager.Stop, name); err != nil {
			return err
		}
	}
	var stopped []string
	for _, service := range socket.Triggers {
		s, err := u.manager.Unit(ctx, service)
		if err != nil {
			return err
		}
		if s.Active == Inactive || s.Active == "failed" {
			continue
		}
		if twin != "" {
			if err := u.startOther(ctx, twin); err != nil {
				return err
			}
		}
		if err := insist(ctx, u.manager.Stop, service); err != nil {
			return err
		}
		stopped = append(stopped, service)
	}
	delete(u.closed, name)
	if err := insist(ctx, u.manager.Start, name); err != nil {
		return err
	}
	for _, service := range stopped {
		if err := insist(ctx, u.manager.Start, service); err != nil {
			return err
		}
		if twin != "" {
			if err := insist(ctx, u.manager.Stop, twin); err != nil {
				return err
			}
		}
	}
	return nil
}

// whyEnded says why a service does not run that has not failed: systemd has not started it, or it has ended, or left
// its first process. It is "" for all others.
func (u unitEffect) whyEnded(ctx context.Context, name string) string {
	unit, err := u.manager.Unit(ctx, name)
	switch {
	case err != nil || !strings.HasSuffix(name, ".service") || unit.Result != "success":
		return ""
	case unit.Unmet != nil:
		return "systemd has not started it: " + strings.Join(unit.Unmet, ", ") + " is not met"
	}
	return "it ends by itself, or goes into the background: a service stays in the foreground until it is told to stop"
}

// same: what matters is whether it runs. One that has failed does not.
func (unitEffect) same(a, b string) bool {
	return a == b || !midway(a) && !midway(b) && runs(a) == runs(b)
}

// torn: a start or a restart of ours may be at work, or have failed.
func (unitEffect) torn(now, _, _ string) bool { return midway(now) || now == "failed" }

func (unitEffect) refusal(err error) string {
	if errors.Is(err, os.ErrPermission) {
		return err.Error()
	}
	return ""
}

// runs reports whether value is that of a unit that is up.
func runs(value string) bool {
	switch value {
	case Active, "reloading", "refreshing", Restarted, Reloaded, Narrowed:
		return true
	}
	return strings.HasPrefix(value, behind)
}

// midway reports whether a job is at work on the unit.
func midway(value string) bool {
	switch value {
	case "activating", "deactivating", "maintenance":
		return true
	}
	return false
}

// repeats reports whether r leaves a unit active that was so before: undoing that is doing it again, with the old
// files, whatever state it is in by now.
func (r record) repeats() bool {
	return r.Kind == report.Unit && r.Before != nil && (runs(string(*r.Before)) || r.unsettled()) &&
		r.After != nil && (*r.After == Restarted || *r.After == Reloaded || *r.After == Narrowed || strings.HasPrefix(string(*r.After), behind))
}

// unsettled reports whether the unit was between two states when the transaction began, as one that fails again and
// again always is. There is no state of it to bring back: with its former files it is as it was.
func (r record) unsettled() bool {
	return r.Kind == report.Unit && r.Before != nil && midway(string(*r.Before))
}

// ofUnits reports whether systemd has to read its units again once ref was changed.
func ofUnits(ref Ref) bool {
	return (ref.Kind == report.File || ref.Kind == report.Link) &&
		strings.HasPrefix(path.Clean(ref.Target), host.UnitFolder+"/")
}

func (r record) ofUnits() bool { return ofUnits(r.Ref()) }

// reloader has systemd read the files of its units again.
type reloader interface {
	Reload(ctx context.Context) error
}

// reloaderOf is the systemd of h, nil where none runs: it reads its units when it starts.
func reloaderOf(h host.Host) reloader {
	if !h.SystemdRunning() {
		return nil
	}
	return h.SystemManager()
}

// refresh has systemd read the files of units that were changed since it has last done so.
func (s *Session) refresh(ctx context.Context) error {
	if !s.stale {
		return nil
	}
	if s.units != nil {
		if err := s.units.Reload(ctx); err != nil {
			return err
		}
	}
	s.stale = false
	return nil
}
